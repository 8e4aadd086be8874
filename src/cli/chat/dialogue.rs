//! The dialogue: question after question in one thread.

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use super::super::args::ChatArgs;
use super::super::client::ClientError;
use super::super::exit::{Exit, Failure, Outcome};
use super::super::link::Link;
use super::super::output;
use super::new_thread;
use super::screen::Screen;
use super::turn::{Question, ask};

const PROMPT: &str = "› ";
const CONTINUED: &str = "… ";
const HELP: &str = "\
/new   a new thread      /help  this
/quit  leave (Ctrl-D)    a line that ends with \\ goes on in the next one
Ctrl-C stops an answer; twice leaves";

/// What a person typed.
enum Typed {
    Text(String),
    Interrupt,
    End,
}

pub(super) async fn run(link: &Link, args: &ChatArgs) -> Outcome {
    let mut editor = DefaultEditor::new()?;
    let mut thread: Option<String> = None;
    let mut interrupted = false;
    output::talk("/help says what else there is");
    loop {
        let typed;
        (editor, typed) = read(editor).await?;
        let text = match typed {
            Typed::End => return Ok(Exit::Done),
            Typed::Interrupt if interrupted => return Ok(Exit::Done),
            Typed::Interrupt => {
                interrupted = true;
                output::talk("Ctrl-C again, or /quit, leaves");
                continue;
            }
            Typed::Text(text) => text,
        };
        interrupted = false;
        match text.trim() {
            "" => {}
            "/quit" | "/exit" => return Ok(Exit::Done),
            "/help" => output::talk(HELP),
            "/new" => {
                thread = None;
                output::talk("a new thread begins");
            }
            "/stop" => output::talk("nothing runs; Ctrl-C stops an answer while it comes"),
            command if command.starts_with('/') && !command.contains(char::is_whitespace) => {
                output::talk(format_args!("there is no {command}; /help says what there is"));
            }
            _ => converse(link, args, &mut thread, text).await?,
        }
    }
}

/// One question of the dialogue. What can pass is said and the dialogue goes on.
async fn converse(
    link: &Link,
    args: &ChatArgs,
    thread: &mut Option<String>,
    content: String,
) -> Result<(), Failure> {
    let id = match thread {
        Some(id) => id,
        None => thread.insert(new_thread(link, args).await?),
    };
    let question = Question { content, backend: args.backend.clone(), model: args.model.clone() };
    match ask(&link.client, id, &question, &mut Screen::live()).await {
        Ok(_) => Ok(()),
        Err(failure) if failure.error.is::<ClientError>() && failure.exit != Exit::Unavailable => {
            output::talk(failure);
            Ok(())
        }
        Err(failure) => Err(failure),
    }
}

/// Reads one question, off the async threads, and gives the editor back for the next.
async fn read(mut editor: DefaultEditor) -> Result<(DefaultEditor, Typed), Failure> {
    let reading = tokio::task::spawn_blocking(move || {
        let typed = question(&mut editor);
        typed.map(|typed| (editor, typed))
    });
    Ok(reading.await??)
}

fn question(editor: &mut DefaultEditor) -> Result<Typed, ReadlineError> {
    let mut text = String::new();
    let mut prompt = PROMPT;
    loop {
        let line = match editor.readline(prompt) {
            Ok(line) => line,
            Err(ReadlineError::Interrupted) => return Ok(Typed::Interrupt),
            Err(ReadlineError::Eof) => return Ok(Typed::End),
            Err(error) => return Err(error),
        };
        match line.strip_suffix('\\') {
            Some(more) => {
                text.push_str(more);
                text.push('\n');
                prompt = CONTINUED;
            }
            None => {
                text.push_str(&line);
                // silent-ok: a question that the history does not take is asked all the same.
                let _ = editor.add_history_entry(text.as_str());
                return Ok(Typed::Text(text));
            }
        }
    }
}
