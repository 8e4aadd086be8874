//! What the demo says.

/// `/help`, and the end of the first answer.
pub(super) const HELP: &str = "\
Things to try:

| you write | you see |
|---|---|
| `/tour` | Markdown, reasoning and a tool call in one answer |
| `my name is Ada`, later `what is my name?` | that this thread is remembered |
| `what did I say first?` | the same, further back |
| `/slow 20` | a slow answer: press Stop, or reload the page while it runs |
| `/long 300` | a long answer, to scroll in |
| `/tool hello` | a call of a tool |
| `use list_files {}` on a line of its own | the same with the tool that you name; further lines are further rounds |
| `/error overloaded` | how a failure looks (`/error` alone lists them) |
| `/crash` | a crash of the turn: the thread goes on, and Runtime shows what happened |
| `/help` | this table |
";

pub(super) const CRASH: &str = "\
Now the actor of this turn panics. What you wrote is stored, the session lives, and your next message works.
";

pub(super) const GREETING: &str = "\
I am the **demo** that is built into Capuchin. I run on this machine, need no network and no key, and follow a \
script: there is no language model behind me. What is real is everything around me: this thread is stored, the \
answer is streamed, and both survive a restart.

";

pub(super) const NEXT_STEP: &str = "
When you want a real model, add one to the settings, for example a local Ollama:

```toml
[backends.ollama]
kind = \"openai\"
base_url = \"http://127.0.0.1:11434/v1\"
model = \"llama3.2\"
```
";

pub(super) const TOUR_THOUGHT: &str = "\
Somebody wants to see everything at once. I will show some Markdown, then ask for a tool. Reasoning like this is \
kept apart from the answer, so that it can be folded away.";

pub(super) const TOUR: &str = "\
## A short tour

Text can be *emphasised*, **strong**, `code` or a [link](https://www.rust-lang.org). Lists work:

1. Messages are stored before anybody says \"received\".
2. The answer grows here, word by word.
3. A second tab shows the same.

> A quotation, in case somebody says something wise.

Code keeps its shape:

```rust
fn main() {
    let words = [\"small\", \"clear\", \"supervised\"];
    println!(\"{}\", words.join(\", \"));
}
```

And so do tables:

| part | kept in | survives a restart |
|---|---|:---:|
| your messages | the store | yes |
| this answer | the event log | yes |
| my opinions | nowhere | there are none |

";

pub(super) const NO_TOOLS: &str = "\
I asked for the tool `echo` above. No tool is connected to this conversation, so nothing was run: a call is only \
ever a wish until somebody grants it.
";

pub(super) const ERRORS: &str = "\
I can fail in these ways: `/error` followed by one of

`overloaded`, `rate_limited`, `upstream`, `network`, `timeout`, `authentication`, `permission`, `not_found`, \
`too_large`, `invalid_request`, `protocol`, `configuration`

or by `truncated`, which breaks off in the middle of a sentence.
";

/// One paragraph of `/long`.
pub(super) const PARAGRAPH: [&str; 40] = [
    "A", "capuchin", "keeps", "its", "tools", "in", "order,", "and", "its", "promises", "too:", "what",
    "was", "received", "is", "stored,", "what", "was", "begun", "is", "ended,", "and", "what", "went",
    "wrong", "is", "said", "in", "plain", "words", "rather", "than", "hidden", "behind", "a", "spinner",
    "that", "never", "stops", "turning.",
];
