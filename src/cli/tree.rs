//! `tree`: the supervision tree, live from the daemon, or as it is declared when none runs.

use capuchin_actors::supervision::declaration::{DeclaredChild, DeclaredSupervisor, Terms};
use capuchin_actors::supervision::render::{render_declaration, render_tree};
use capuchin_actors::supervision::{NodeState, NodeView};
use serde_json::{Value, json};

use crate::config::Occupant;
use crate::daemon;

use super::client::{Client, ClientError};
use super::exit::{Exit, Failure, Outcome};
use super::output;
use super::place::Place;

pub(super) async fn run(place: &Place, json: bool) -> Outcome {
    match place.occupant()? {
        Occupant::Ready(presence) => {
            let tree = live(&Client::new(presence.control)).await?;
            if json {
                output::json(&tree);
            } else {
                output::piece(&render_tree(&tree));
            }
        }
        Occupant::Unready(pid) => return Err(place.unready(pid)),
        Occupant::None => {
            let declared =
                daemon::declaration(&place.home).map_err(|e| Failure::new(Exit::BadConfiguration, e))?;
            output::talk("no daemon runs; this is the tree as it is declared");
            if json {
                output::json(&of_supervisor(&declared.root));
            } else {
                output::piece(&render_declaration(&declared));
            }
        }
    }
    Ok(Exit::Done)
}

/// The tree of a running daemon.
pub(super) async fn live(client: &Client) -> Result<NodeView, ClientError> {
    let tree = client.get("/api/v1/runtime/tree").await?;
    serde_json::from_value(tree).map_err(|_| ClientError::Strange)
}

/// How many of the listed nodes are in this state.
pub(super) fn count_in(node: &NodeView, state: NodeState) -> usize {
    usize::from(node.state == state) + node.children.iter().map(|child| count_in(child, state)).sum::<usize>()
}

fn of_supervisor(supervisor: &DeclaredSupervisor) -> Value {
    let children: Vec<Value> = supervisor.children.iter().map(of_child).collect();
    let mut node = json!({
        "id": supervisor.name,
        "kind": "supervisor",
        "state": "declared",
        "strategy": supervisor.strategy.as_str(),
        "children": children,
    });
    add_terms(&mut node, &supervisor.terms);
    node
}

fn of_child(child: &DeclaredChild) -> Value {
    match child {
        DeclaredChild::Supervisor(supervisor) => of_supervisor(supervisor),
        DeclaredChild::Worker(worker) => {
            let mut node = json!({
                "id": worker.name,
                "kind": "worker",
                "state": "declared",
                "factory": worker.factory,
            });
            add_terms(&mut node, &worker.terms);
            node
        }
    }
}

fn add_terms(node: &mut Value, terms: &Terms) {
    if let Some(node) = node.as_object_mut() {
        node.insert("restart".to_owned(), json!(terms.restart.as_str()));
        node.insert("significant".to_owned(), json!(terms.significant));
        node.insert("has_budget".to_owned(), json!(terms.budget.is_some()));
    }
}

#[cfg(test)]
mod tests;
