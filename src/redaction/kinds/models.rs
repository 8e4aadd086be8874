//! Who answers: keys of model providers and of what is used with models.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, token};

pub(super) static KINDS: [Kind; 30] = [
    token("anthropic_api_key", "ANTHROPIC_KEY", &["sk-ant-"], r"sk-ant-[A-Za-z0-9_-]{20,}").glued(),
    token("openrouter_api_key", "OPENROUTER_KEY", &["sk-or-"], r"sk-or-(?:v\d-)?[A-Za-z0-9_-]{24,}"),
    token(
        "openai_api_key",
        "OPENAI_KEY",
        &["sk-"],
        r"sk-(?:(?:proj|svcacct|admin|None|service|org|user)-[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{24,})",
    ),
    token("google_api_key", "GOOGLE_KEY", &["AIza"], r"AIza[A-Za-z0-9_-]{30,}"),
    token("google_auth_key", "GOOGLE_KEY", &["AQ.A"], r"AQ\.A[A-Za-z0-9_-]{40,}"),
    token("groq_api_key", "GROQ_KEY", &["gsk_"], r"gsk_[A-Za-z0-9]{32,}"),
    token("xai_api_key", "XAI_KEY", &["xai-"], r"xai-[A-Za-z0-9]{40,}"),
    token(
        "huggingface_token",
        "HUGGINGFACE_TOKEN",
        &["hf_", "api_org_"],
        r"(?:hf_|api_org_)[A-Za-z0-9]{30,}",
    ),
    token("replicate_token", "REPLICATE_TOKEN", &["r8_"], r"r8_[A-Za-z0-9]{32,}"),
    token("perplexity_api_key", "PERPLEXITY_KEY", &["pplx-"], r"pplx-[A-Za-z0-9]{32,}"),
    token("together_api_key", "TOGETHER_KEY", &["tgp_v"], r"tgp_v\d_[A-Za-z0-9_-]{32,}"),
    token("fireworks_api_key", "FIREWORKS_KEY", &["fw_"], r"fw_[A-Za-z0-9]{22,}").if_(Check::Random),
    token("cerebras_api_key", "CEREBRAS_KEY", &["csk-"], r"csk-[a-z0-9]{32,}"),
    token("nvidia_api_key", "NVIDIA_KEY", &["nvapi-"], r"nvapi-[A-Za-z0-9_-]{40,}"),
    token("elevenlabs_api_key", "ELEVENLABS_KEY", &["sk_"], r"sk_[0-9a-f]{48}"),
    token("langsmith_api_key", "LANGSMITH_KEY", &["lsv2_"], r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}"),
    token("langfuse_secret_key", "LANGFUSE_KEY", &["sk-lf-"], r"sk-lf-[0-9a-f]{8}-[0-9a-f-]{27}"),
    token("pinecone_api_key", "PINECONE_KEY", &["pcsk_"], r"pcsk_[A-Za-z0-9_]{40,}"),
    token("voyage_api_key", "VOYAGE_KEY", &["pa-"], r"pa-[A-Za-z0-9_-]{40,}").if_(Check::Random),
    token("tavily_api_key", "TAVILY_KEY", &["tvly-"], r"tvly-(?:dev-|prod-)?[A-Za-z0-9-]{20,}"),
    token("jina_api_key", "JINA_KEY", &["jina_"], r"jina_[A-Za-z0-9_-]{40,}"),
    token("firecrawl_api_key", "FIRECRAWL_KEY", &["fc-"], r"fc-[0-9a-f]{32}"),
    token("e2b_api_key", "E2B_KEY", &["e2b_"], r"e2b_[0-9a-f]{40}"),
    token("runpod_api_key", "RUNPOD_KEY", &["rpa_"], r"rpa_[A-Za-z0-9]{32,}"),
    token("modal_token", "MODAL_TOKEN", &["ak-", "as-"], r"a[ks]-[A-Za-z0-9]{22}").if_(Check::Random),
    token("anyscale_api_key", "ANYSCALE_KEY", &["esecret_"], r"esecret_[A-Za-z0-9]{20,}"),
    token("wandb_api_key", "WANDB_KEY", &["wandb_v"], r"wandb_v\d_[A-Za-z0-9_]{30,}"),
    token("openpipe_api_key", "OPENPIPE_KEY", &["opk_"], r"opk_[A-Za-z0-9]{32,}"),
    token("braintrust_api_key", "BRAINTRUST_KEY", &["sk-bt-", "bt-st-"], r"(?:sk-bt|bt-st)-[A-Za-z0-9]{32,}"),
    token("capuchin_token", "CAPUCHIN_TOKEN", &["cap_"], r"cap_[A-Za-z0-9_-]{43}"),
];
