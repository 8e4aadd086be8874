//! The README is true: its tree is the tree.

use capuchin_actors::supervision::parse::parse;
use capuchin_actors::supervision::render::render_declaration;

const README: &str = include_str!("../../README.md");

#[test]
fn the_picture_of_the_tree_is_the_output_of_capuchin_tree() {
    let picture = README.split("<!-- tree -->").nth(1).unwrap().split("<!-- /tree -->").next().unwrap();
    let picture = picture.trim().trim_start_matches("```text").trim_end_matches("```").trim();
    let declaration = parse(capuchin::daemon::built_in_supervision()).unwrap();
    assert_eq!(picture, render_declaration(&declaration).trim());
}
