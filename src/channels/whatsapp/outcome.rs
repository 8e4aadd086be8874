//! What the Cloud API's answers mean: the code of an error says it, not the status.

use super::super::json::{flag, has, int, text};
use super::super::outgoing::{Answer, Outcome, said, wait_seconds};

const TOKEN: &str =
    "make a new access token of a system user in Meta's business settings and store it in the vault";
const SEE: &str = "see what WhatsApp says";

/// Codes of errors, and what a person can do.
const FIXES: &[(i64, &str)] = &[
    (3, "give the app the permission whatsapp_business_messaging"),
    (10, "give the app the permission whatsapp_business_messaging"),
    (33, "check the id of the phone number"),
    (100, "check the id of the phone number; a field was not understood"),
    (368, "the account broke a policy: see the WhatsApp Manager"),
    (130_403, "the person has blocked this number"),
    (130_472, "the number is part of an experiment of Meta: the person has to write first"),
    (130_497, "the account may not write to people of this country"),
    (131_005, "give the app the permission whatsapp_business_messaging"),
    (131_021, "the sender and the recipient are one number"),
    (131_026, "the person cannot be reached: no WhatsApp on this number, or a version that is too old"),
    (131_030, "add the number to the test recipients of the app, or leave the test mode"),
    (131_031, "the account is locked: see the WhatsApp Manager"),
    (131_037, "the number's display name has to be approved first"),
    (131_042, "check the means of payment of the account"),
    (131_045, "register the phone number again"),
    (131_047, "more than 24 hours since the person wrote: they have to write first"),
    (131_048, "too many messages were blocked or reported: see the quality of the number"),
    (131_049, "WhatsApp chose not to deliver it: wait before writing again"),
    (131_050, "the person does not want such messages"),
    (133_010, "register the phone number"),
];

/// What an answer of the Cloud API means.
#[must_use]
pub fn outcome(answer: &Answer<'_>) -> Outcome {
    let Some(body) = answer.json().filter(serde_json::Value::is_object) else {
        return answer.by_status(TOKEN);
    };
    if has(&body, "/error") {
        let why = text(&body, "/error/error_data/details").or_else(|| text(&body, "/error/message"));
        let code = int(&body, "/error/code").unwrap_or(-1);
        return match of_code(code, why.unwrap_or("an error without a text")) {
            Outcome::Refused { .. } if answer.status == 401 => Outcome::Unauthorized { fix: TOKEN },
            Outcome::Refused { .. } if answer.status == 429 => answer.wait(),
            Outcome::Refused { why, fix } if answer.status >= 500 && fix == SEE => Outcome::Unknown { why },
            outcome => outcome,
        };
    }
    match text(&body, "/messages/0/id") {
        Some(message) => Outcome::Sent { message: message.to_owned() },
        None if flag(&body, "/success") => Outcome::Done,
        None => answer.by_status(TOKEN),
    }
}

/// What the code of an error means, in an answer or in a later report.
pub(super) fn of_code(code: i64, why: &str) -> Outcome {
    let why = said(why);
    match code {
        0 | 190 => Outcome::Unauthorized { fix: TOKEN },
        // One person got too much: one message in six seconds is allowed.
        131_056 => wait_seconds(Some(6.0)),
        130_429 => wait_seconds(None),
        // Counted by the hour.
        4 | 80_007 | 133_016 => wait_seconds(Some(60.0)),
        2 | 131_016 | 131_057 | 133_004 => Outcome::Again { why },
        1 | 131_000 => Outcome::Unknown { why },
        200..=299 => Outcome::Refused { why, fix: "give the app the permission whatsapp_business_messaging" },
        _ => {
            let fix = FIXES.iter().find(|(known, _)| *known == code).map(|(_, fix)| *fix);
            Outcome::Refused { why, fix: fix.unwrap_or(SEE) }
        }
    }
}
