//! What moves money.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, token};

pub(super) static KINDS: [Kind; 20] = [
    token(
        "stripe_key",
        "STRIPE_KEY",
        &["sk_live_", "sk_test_", "rk_live_", "rk_test_", "sk_prod_", "rk_prod_"],
        r"[sr]k_(?:live|test|prod)_[A-Za-z0-9]{16,}",
    )
    .glued(),
    token("stripe_webhook_secret", "STRIPE_SECRET", &["whsec_"], r"whsec_[A-Za-z0-9+/=_-]{24,}").glued(),
    token(
        "square_token",
        "SQUARE_TOKEN",
        &["EAAA", "sq0atp-"],
        r"(?:EAAA[A-Za-z0-9_+=-]{56,64}|sq0atp-[A-Za-z0-9_-]{22,})",
    ),
    token("square_secret", "SQUARE_SECRET", &["sq0csp-"], r"sq0csp-[A-Za-z0-9_-]{40,}"),
    token(
        "braintree_token",
        "BRAINTREE_TOKEN",
        &["access_token$"],
        r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}",
    ),
    token("paypal_token", "PAYPAL_TOKEN", &["A21AA"], r"A21AA[A-Za-z0-9_-]{70,}"),
    token(
        "shopify_token",
        "SHOPIFY_TOKEN",
        &["shpat_", "shpca_", "shppa_", "shpss_", "shpua_"],
        r"shp(?:at|ca|pa|ss|ua)_[0-9a-fA-F]{32}",
    ),
    token("shopify_partner_token", "SHOPIFY_TOKEN", &["prtapi_", "shpit_"], r"(?:prtapi|shpit)_[0-9a-f]{32}"),
    token(
        "plaid_token",
        "PLAID_TOKEN",
        &["access-sandbox-", "access-development-", "access-production-"],
        r"access-(?:sandbox|development|production)-[0-9a-f]{8}-[0-9a-f-]{27}",
    ),
    token("adyen_key", "ADYEN_KEY", &["AQE"], r"AQE[A-Za-z0-9+/]{20,}[A-Za-z0-9+/=.<>?\-_]{40,}"),
    token("flutterwave_key", "FLUTTERWAVE_KEY", &["FLWSECK"], r"FLWSECK(?:_TEST)?-[0-9a-zA-Z]{12,}(?:-X)?"),
    token("razorpay_key", "RAZORPAY_KEY", &["rzp_live_", "rzp_test_"], r"rzp_(?:live|test)_[A-Za-z0-9]{14,}"),
    token(
        "mollie_key",
        "MOLLIE_KEY",
        &["live_", "test_"],
        r"(?P<s>(?:live|test)_[A-Za-z0-9]{30})(?:$|[^A-Za-z0-9_])",
    )
    .if_(Check::Random),
    token(
        "gocardless_token",
        "GOCARDLESS_TOKEN",
        &["live_", "sandbox_"],
        r"(?:live|sandbox)_[A-Za-z0-9_=-]{40}",
    )
    .if_(Check::Random),
    token("easypost_key", "EASYPOST_KEY", &["EZAK", "EZTK"], r"EZ[AT]K[A-Za-z0-9]{50,}"),
    token(
        "shippo_token",
        "SHIPPO_TOKEN",
        &["shippo_live_", "shippo_test_"],
        r"shippo_(?:live|test)_[0-9a-f]{40}",
    ),
    token(
        "duffel_token",
        "DUFFEL_TOKEN",
        &["duffel_live_", "duffel_test_"],
        r"duffel_(?:live|test)_[A-Za-z0-9_=-]{40,}",
    ),
    token("frameio_token", "FRAMEIO_TOKEN", &["fio-u-"], r"fio-u-[A-Za-z0-9_=-]{60,}"),
    token(
        "coinbase_key",
        "COINBASE_KEY",
        &["organizations/"],
        r"organizations/[0-9a-f-]{36}/apiKeys/(?P<s>[0-9a-f-]{36})",
    )
    .glued(),
    token("lob_key", "LOB_KEY", &["live_", "test_"], r"(?P<s>(?:live|test)_[0-9a-f]{35})(?:$|[^A-Za-z0-9_])"),
];
