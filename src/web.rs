//! The pages: server-rendered HTML, our own small ES modules, one live stream for all tabs of a browser.
//!
//! A page is a view: what it shows comes from the store and the event log, and
//! generation goes on without it. Nothing here decides anything.
//!
//! | file | what |
//! |---|---|
//! | `routes` | which address shows which page, and what forms do |
//! | `read` | from the store and the tree to what templates show |
//! | `view`, `templates/` | the shown data, and its HTML |
//! | `live` | the stream that keeps open pages true |
//! | `markdown` | Markdown to safe HTML, block by block while it grows |
//! | `assets` | styles, modules and icons, addressed by their content |
//! | `framed` | problems as pages, and the way to the sign-in |

mod about;
mod answer;
pub mod assets;
mod framed;
mod headers;
mod live;
pub mod markdown;
mod read;
mod routes;
pub mod view;

pub use self::framed::frame_problems;
pub use self::headers::PAGE_POLICY;
pub use self::routes::router;
