//! The assets and the modules' names for each other.

use super::*;

#[test]
fn every_import_names_a_file_that_is_served() {
    for file in FILES.iter().filter(|file| file.name.ends_with(".js")) {
        let text = std::str::from_utf8(file.bytes).unwrap();
        for line in text.lines().filter(|line| line.starts_with("import ")) {
            let name = line.split('"').nth(1).unwrap().trim_start_matches("./");
            assert!(FILES.iter().any(|other| other.name == name), "{} imports {name}", file.name);
        }
    }
}

#[test]
fn every_script_and_style_of_the_folder_is_served() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/web/assets");
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        let served = FILES.iter().any(|file| file.name == name);
        assert!(served || name.ends_with(".rs"), "{name} is in the folder but not served");
    }
}

#[test]
fn only_one_module_turns_text_into_nodes_or_addresses_of_scripts() {
    for file in FILES.iter().filter(|file| file.name.ends_with(".js") && file.name != "trusted.js") {
        let text = std::str::from_utf8(file.bytes).unwrap();
        for sink in [
            "innerHTML =",
            "outerHTML =",
            "insertAdjacentHTML",
            "document.write",
            "eval(",
            "new Function",
            "createPolicy",
        ] {
            assert!(!text.contains(sink), "{} uses {sink}", file.name);
        }
    }
}

#[test]
fn modules_stay_small() {
    for file in FILES.iter().filter(|file| file.name.ends_with(".js")) {
        let lines = std::str::from_utf8(file.bytes).unwrap().lines().count();
        assert!(lines <= 300, "{} has {lines} lines", file.name);
    }
}

#[tokio::test]
async fn an_asset_of_another_build_is_not_served() {
    let ours = serve(Path((build().to_owned(), "app.css".to_owned()))).await;
    assert_eq!(ours.status(), StatusCode::OK);
    assert_eq!(ours.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    for (folder, name) in [("0000000000000000", "app.css"), (build(), "tests.rs"), (build(), "")] {
        let other = serve(Path((folder.to_owned(), name.to_owned()))).await;
        assert_eq!(other.status(), StatusCode::NOT_FOUND, "{folder}/{name}");
    }
}
