//! The pages at which people come in.

use askama::Template;

use super::{Frame, filters};

/// `/setup`, `/join` and `/recover`: a code lets somebody in once, who then makes a passkey or a password.
#[derive(Template)]
#[template(path = "entrance.html", config = "src/web/askama.toml")]
pub struct EntrancePage {
    /// The frame.
    pub frame: Frame,
    /// What differs between the three.
    pub door: Door,
    /// What was wrong with the last try.
    pub error: Option<String>,
    /// Wrong codes until the link is void.
    pub tries_left: Option<u32>,
    /// The recovery key, once somebody came in.
    pub recovery_key: Option<String>,
}

/// What differs between the doors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// The last part of the page's address, and of its calls.
    pub word: &'static str,
    /// The heading.
    pub heading: &'static str,
    /// What to do here.
    pub lead: &'static str,
    /// What the code is called.
    pub code: &'static str,
    /// Where the code is.
    pub code_hint: &'static str,
    /// The button of the password.
    pub button: &'static str,
    /// The call that lets somebody in.
    pub call: &'static str,
}

/// `/setup`.
pub const SETUP: Door = Door {
    word: "setup",
    heading: "Welcome to Capuchin",
    lead: "Your assistant runs on this machine. Choose what opens it; nothing leaves the machine until you connect a model.",
    code: "Setup code",
    code_hint: "It is in the link that capuchin serve printed in the terminal or the journal. It works once, for 15 minutes.",
    button: "Set up Capuchin",
    call: "/api/v1/setup",
};

/// `/join`.
pub const JOIN: Door = Door {
    word: "join",
    heading: "You are invited",
    lead: "Somebody shares this assistant with you. Choose what opens it for you.",
    code: "Invitation code",
    code_hint: "It is in the link that you were given. It works once, for a day.",
    button: "Come in",
    call: "/api/v1/invite",
};

/// `/recover`.
pub const RECOVER: Door = Door {
    word: "recover",
    heading: "Come in with a recovery key",
    lead: "Choose what opens Capuchin for you from now on. You are signed out everywhere else, and codes of six digits are not asked for any more.",
    code: "Recovery key",
    code_hint: "Eight groups of four letters and digits. You get a new one afterwards.",
    button: "Set this password",
    call: "/api/v1/recovery",
};

impl Door {
    /// Where somebody goes who came in.
    #[must_use]
    pub fn leads_to(self) -> &'static str {
        if self.word == "recover" { "/" } else { "/chat" }
    }
}

/// `/login`.
#[derive(Template)]
#[template(path = "login.html", config = "src/web/askama.toml")]
pub struct LoginPage {
    /// The frame.
    pub frame: Frame,
    /// What was wrong with the last try.
    pub error: Option<String>,
    /// The path to go on to.
    pub next: String,
    /// The sign-in that waits for its code.
    pub pending: Option<String>,
}

/// `/step-up`: a signed-in person proves again who they are.
#[derive(Template)]
#[template(path = "step_up.html", config = "src/web/askama.toml")]
pub struct StepUpPage {
    /// The frame.
    pub frame: Frame,
    /// What was wrong with the last try.
    pub error: Option<String>,
    /// The path to go back to.
    pub next: String,
    /// The person's name, for password managers.
    pub name: String,
    /// Whether they have a passkey.
    pub has_passkey: bool,
    /// Whether they have a password.
    pub has_password: bool,
    /// Whether the password needs a code beside it.
    pub has_code: bool,
}

/// `/device`: a person lets a device in.
#[derive(Template)]
#[template(path = "device.html", config = "src/web/askama.toml")]
pub struct DevicePage {
    /// The frame.
    pub frame: Frame,
    /// What was wrong with the last try, or what came of it.
    pub error: Option<String>,
    /// What came of it.
    pub done: Option<&'static str>,
    /// What the device asks for, once its code was typed.
    pub wish: Option<WishView>,
}

/// What a device asks for.
#[derive(Clone, Debug)]
pub struct WishView {
    /// The code that was typed.
    pub code: String,
    /// What it calls itself.
    pub name: String,
    /// Where it asked from.
    pub address: String,
    /// What it may do then, in words.
    pub rights: Vec<&'static str>,
}
