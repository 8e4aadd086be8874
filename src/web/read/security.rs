//! From the credentials of people to what the page of security shows.

use qrcode::QrCode;
use qrcode::render::svg;

use super::rfc3339;
use crate::db::DbError;
use crate::http::AppState;
use crate::http::auth::{Admin, Need as _};
use crate::identity::{Enrolment, Member, PasskeyRecord, Principal, Scope, SessionView, TokenRecord};
use crate::web::view::Frame;
use crate::web::view::security::{
    AdminView, Enrolling, MemberRow, PasskeyRow, PersonView, SecurityPage, SessionRow, TokenRow,
};

/// Everything that this person may see.
pub(in crate::web) async fn security(
    state: &AppState,
    by: &Principal,
    frame: Frame,
) -> Result<SecurityPage, DbError> {
    let identity = &state.identity;
    let member = identity.myself(by);
    let admin = match by.authorize(Admin::ANY_OF) {
        Ok(()) => Some(AdminView {
            tokens: identity.tokens().await?.into_iter().map(token).collect(),
            scopes: Scope::ALL.into_iter().map(|scope| (scope.as_str(), meaning(scope))).collect(),
            members: identity.members().into_iter().map(person_row).collect(),
        }),
        Err(_) => None, // silent-ok: members do not see everybody's access
    };
    Ok(SecurityPage {
        frame,
        notice: None,
        error: None,
        once: None,
        enrolling: None,
        person: member.map(person).unwrap_or_default(),
        passkeys: identity.passkeys(by).await?.into_iter().map(passkey).collect(),
        sessions: identity.sessions(by).into_iter().map(session).collect(),
        admin,
    })
}

/// An enrolment with its QR code.
pub(in crate::web) fn enrolling(enrolment: &Enrolment) -> Enrolling {
    let qr = QrCode::new(enrolment.uri.expose()).map_or_else(
        |_| String::new(), // silent-ok: the key for typing stands beside it
        |code| code.render::<svg::Color<'_>>().min_dimensions(200, 200).build(),
    );
    // The declaration of a document has no place inside a page.
    let qr = qr.split_once("?>").map_or(qr.as_str(), |(_, svg)| svg).to_owned();
    Enrolling { qr, secret: enrolment.secret.expose().to_owned() }
}

/// What a scope means, in words.
pub(in crate::web) const fn meaning(scope: Scope) -> &'static str {
    match scope {
        Scope::Chat => "talk to the assistants",
        Scope::Read => "read everything here but credentials",
        Scope::Approve => "decide what assistants may do",
        Scope::Operate => "restart and stop parts of the daemon",
        Scope::Processes => "run programs on this machine",
        Scope::Metrics => "read the metrics",
        Scope::Admin => "everything, credentials included",
    }
}

fn person(member: Member) -> PersonView {
    PersonView {
        name: member.name,
        has_password: member.has_password,
        has_code: member.has_second_factor,
        recovery_key_at: member.recovery_key_ms.map(rfc3339),
    }
}

fn passkey(record: PasskeyRecord) -> PasskeyRow {
    PasskeyRow {
        id: record.id.to_string(),
        name: record.name,
        host: record.host,
        created_at: rfc3339(record.created_ms),
        last_used_at: record.last_used_ms.map(rfc3339),
    }
}

fn session(view: SessionView) -> SessionRow {
    SessionRow {
        id: view.session.id.to_string(),
        name: view.name,
        agent: view.session.agent,
        address: view.session.address.to_string(),
        means: view.session.means.as_str(),
        last_seen_at: rfc3339(view.session.last_seen_ms),
        current: view.current,
    }
}

fn token(record: TokenRecord) -> TokenRow {
    TokenRow {
        id: record.id.to_string(),
        name: record.name,
        scopes: record.scopes.to_string().replace(',', ", "),
        expires_at: record.expires_ms.map(rfc3339),
        last_used_at: record.last_used_ms.map(rfc3339),
        last_used_from: record.last_used_from.unwrap_or_default(),
    }
}

fn person_row(member: Member) -> MemberRow {
    let mut means = Vec::new();
    match member.passkeys {
        0 => {}
        1 => means.push("a passkey".to_owned()),
        many => means.push(format!("{many} passkeys")),
    }
    match (member.has_password, member.has_second_factor) {
        (true, true) => means.push("a password and a code".to_owned()),
        (true, false) => means.push("a password".to_owned()),
        (false, _) => {}
    }
    MemberRow {
        id: member.id.to_string(),
        name: member.name,
        role: member.role.as_str(),
        state: member.state.as_str(),
        means: if means.is_empty() { "nothing yet".to_owned() } else { means.join(", ") },
    }
}
