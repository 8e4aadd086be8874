//! Which tools there are.

use futures::FutureExt as _;

use super::*;
use crate::policy::ToolClass;
use crate::tools::{Arguments, Plan, ToolCallRun, ToolError, ToolOutput};

struct Named(&'static str, Option<&'static str>);

impl Tool for Named {
    fn spec(&self) -> ToolSpec {
        ToolSpec {
            name: self.0.to_owned(),
            description: String::new(),
            parameters: serde_json::json!({ "type": "object" }),
        }
    }

    fn server(&self) -> Option<&str> {
        self.1
    }

    fn plan(&self, _: &Arguments, _: &Place) -> Result<Plan, ToolError> {
        Ok(Plan::new(ToolClass::ReadOnly))
    }

    fn run(&self, _: ToolCallRun) -> BoxFuture<'static, Result<ToolOutput, ToolError>> {
        async { Ok(ToolOutput::system("done")) }.boxed()
    }
}

struct Server(&'static str, &'static [&'static str]);

impl ToolSource for Server {
    fn tools(&self, _: &Place) -> BoxFuture<'static, Vec<Arc<dyn Tool>>> {
        let made: Vec<Arc<dyn Tool>> =
            self.1.iter().map(|name| Arc::new(Named(name, Some(self.0))) as Arc<dyn Tool>).collect();
        async move { made }.boxed()
    }
}

#[tokio::test]
async fn a_source_adds_tools_and_never_takes_the_place_of_one() {
    let place = Place::somewhere("/");
    let sources: Vec<Arc<dyn ToolSource>> =
        vec![Arc::new(Server("a", &["bash", "echo"])), Arc::new(Server("b", &["echo", "add"]))];
    let tools = Tools::new(vec![Arc::new(Named("bash", None))], sources);
    let found = tools.at(&place).await;
    let found: Vec<_> =
        found.iter().map(|found| (found.spec.name.clone(), found.tool.server().map(str::to_owned))).collect();
    let some = |name: &str| Some(name.to_owned());
    assert_eq!(
        found,
        [("bash".to_owned(), None), ("echo".to_owned(), some("a")), ("add".to_owned(), some("b"))]
    );
}
