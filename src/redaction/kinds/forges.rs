//! Where code is kept, built and published.

use crate::redaction::check::Check;
use crate::redaction::kind::{Kind, token};

pub(super) static KINDS: [Kind; 40] = [
    token("github_pat", "GITHUB_TOKEN", &["github_pat_"], r"github_pat_[A-Za-z0-9_]{20,}").glued(),
    token(
        "github_token",
        "GITHUB_TOKEN",
        &["ghp_", "gho_", "ghu_", "ghs_", "ghr_", "ghc_"],
        r"gh[pousrc]_[A-Za-z0-9_]{20,}",
    )
    .glued(),
    token(
        "gitlab_token",
        "GITLAB_TOKEN",
        &[
            "glpat-", "gldt-", "glrt-", "glrtr-", "glcbt-", "glptt-", "glft-", "glsoat-", "glimt-", "glagent-",
            "gloas-", "glffct-", "glwt-",
        ],
        r"gl(?:pat|dt|rtr?|cbt|ptt|ft|soat|imt|agent|oas|ffct|wt)-[A-Za-z0-9_=-]{18,}(?:\.[0-9a-z]{2}\.[0-9a-z]{6,12})?",
    )
    .glued(),
    token("gitlab_runner_token", "GITLAB_TOKEN", &["GR1348941"], r"GR1348941[A-Za-z0-9_-]{20,}"),
    token("gitlab_session", "GITLAB_TOKEN", &["_gitlab_session="], r"_gitlab_session=(?P<s>[0-9a-z]{32})"),
    token("bitbucket_token", "BITBUCKET_TOKEN", &["ATBB"], r"ATBB[A-Za-z0-9_=.-]{24,}"),
    token("bitbucket_access_token", "BITBUCKET_TOKEN", &["ATCTT3"], r"ATCTT3[A-Za-z0-9_=-]{60,}"),
    token("atlassian_api_token", "ATLASSIAN_TOKEN", &["ATATT3", "ATSTT3"], r"AT[AS]TT3[A-Za-z0-9_=-]{60,}"),
    token("atlassian_scim", "ATLASSIAN_TOKEN", &["ATOA"], r"ATOA[A-Za-z0-9_=-]{60,}"),
    token("azure_devops_token", "AZURE_TOKEN", &["AZDO"], r"[A-Za-z0-9]{60,80}AZDO[A-Za-z0-9]{4}"),
    token("npm_token", "NPM_TOKEN", &["npm_"], r"npm_[A-Za-z0-9]{36,}").glued(),
    token("npmrc_auth", "NPM_TOKEN", &[":_authToken="], r":_authToken=(?P<s>[A-Za-z0-9_=/+.-]{20,})").glued(),
    token("pypi_token", "PYPI_TOKEN", &["pypi-AgE"], r"pypi-AgE[A-Za-z0-9_-]{40,}"),
    token("rubygems_key", "RUBYGEMS_KEY", &["rubygems_"], r"rubygems_[0-9a-f]{40,}"),
    token("crates_io_token", "CRATES_TOKEN", &["cio"], r"cio[A-Za-z0-9]{32}").if_(Check::Random),
    token("nuget_key", "NUGET_KEY", &["oy2"], r"oy2[a-z0-9]{43}"),
    token("packagist_token", "PACKAGIST_TOKEN", &["packagist_"], r"packagist_[ou][ru]t_[A-Za-z0-9]{32,}"),
    token("clojars_token", "CLOJARS_TOKEN", &["CLOJARS_"], r"CLOJARS_[A-Za-z0-9]{60}"),
    token("docker_token", "DOCKER_TOKEN", &["dckr_pat_", "dckr_oat_"], r"dckr_[po]at_[A-Za-z0-9_-]{20,}").glued(),
    token("jfrog_key", "JFROG_KEY", &["AKCp", "cmVmdGtuOj"], r"(?:AKCp[A-Za-z0-9]{60,}|cmVmdGtuOj[A-Za-z0-9+/=]{40,})"),
    token("sonar_token", "SONAR_TOKEN", &["sqp_", "squ_", "sqa_"], r"sq[pua]_[0-9a-f]{40}"),
    token("sourcegraph_token", "SOURCEGRAPH_TOKEN", &["sgp_"], r"sgp_(?:[0-9a-fA-F]{16}_|local_)?[0-9a-fA-F]{40}"),
    token("circleci_token", "CIRCLECI_TOKEN", &["CCIPAT_", "CCIPRJ_"], r"CCIP(?:AT|RJ)_[A-Za-z0-9_]{40,}"),
    token("buildkite_token", "BUILDKITE_TOKEN", &["bkua_", "bkct_", "bkaj_"], r"bk(?:ua|ct|aj)_[A-Za-z0-9]{32,}"),
    token("postman_key", "POSTMAN_KEY", &["PMAK-", "PMAT-"], r"PMA[KT]-[A-Za-z0-9-]{24,}"),
    token("readme_key", "README_KEY", &["rdme_"], r"rdme_[a-z0-9]{60,}"),
    token("terraform_token", "TERRAFORM_TOKEN", &[".atlasv1."], r"[A-Za-z0-9]{14}\.atlasv1\.[A-Za-z0-9=_-]{40,}"),
    token("vault_token", "VAULT_TOKEN", &["hvs.", "hvb.", "hvr."], r"hv[sbr]\.[A-Za-z0-9_-]{24,}"),
    token("doppler_token", "DOPPLER_TOKEN", &["dp.pt.", "dp.st.", "dp.ct.", "dp.sa.", "dp.scim.", "dp.audit."],
        r"dp\.(?:pt|st|ct|sa|scim|audit)\.(?:[a-z0-9_-]{2,35}\.)?[A-Za-z0-9]{40,}"),
    token("onepassword_token", "ONEPASSWORD_TOKEN", &["ops_eyJ"], r"ops_eyJ[A-Za-z0-9+/=_-]{100,}"),
    token("onepassword_secret_key", "ONEPASSWORD_KEY", &["A3-"],
        r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})-[A-Z0-9]{5}-[A-Z0-9]{5}-[A-Z0-9]{5}"),
    token("age_key", "AGE_KEY", &["AGE-SECRET-KEY-"], r"(?i)AGE-SECRET-KEY-(?:PQ-)?1[02-9AC-HJ-NP-Z]{50,}").glued(),
    token("tailscale_key", "TAILSCALE_KEY", &["tskey-"], r"tskey-[a-z]+-[A-Za-z0-9]{8,}(?:-[A-Za-z0-9]{8,})?"),
    token("infisical_token", "INFISICAL_TOKEN", &["st."], r"st\.[0-9a-f]{8}-[0-9a-f-]{27}\.[0-9a-f]{32}\.[0-9a-f]{32}"),
    token("pulumi_token", "PULUMI_TOKEN", &["pul-"], r"pul-[0-9a-f]{40}"),
    token("prefect_token", "PREFECT_TOKEN", &["pnu_", "pnb_"], r"pn[ub]_[A-Za-z0-9]{36}"),
    token("harness_token", "HARNESS_TOKEN", &["pat.", "sat."], r"[ps]at\.[A-Za-z0-9_-]{22}\.[0-9a-f]{24}\.[A-Za-z0-9]{20}"),
    token("jwt", "JWT", &["eyJ"], r"eyJ[A-Za-z0-9_-]{10,}\.(?:eyJ)?[A-Za-z0-9_-]{10,}(?:\.[A-Za-z0-9_-]{8,})?(?:\.[A-Za-z0-9_-]+){0,2}").glued(),
    token("jwt_escaped", "JWT", &["ZXlK"], r"ZXlK[A-Za-z0-9+/=_-]{80,}"),
    token("snyk_token", "SNYK_TOKEN", &["snyk_"], r"snyk_[a-z]{3}\.[0-9a-f]{8}\.[A-Za-z0-9._-]{30,}"),
];
