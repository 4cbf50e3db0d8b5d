//! One issuer for each tenant, made from a template: a template and tenants go in, what is wrong with them
//! comes out.
//!
//! Microsoft's metadata say `https://login.microsoftonline.com/{tenantid}/v2.0`. Whose tokens are taken is for
//! the application to list: the template alone would take every customer's (Microsoft identity platform,
//! "Access tokens: Validate the issuer").

/// What stands for the tenant's ID in a template.
pub(crate) const TENANT: &str = "{tenantid}";

/// Returns what an application has to change about a template and its tenants, if anything.
pub(crate) fn misuse_of(template: &str, tenants: &[String]) -> Option<&'static str> {
    if template.matches(TENANT).count() != 1 {
        return Some("expected an issuer with `{tenantid}` in it once, as in Microsoft's metadata");
    }
    if tenants.is_empty() {
        return Some("expected at least one tenant, found none");
    }
    if !tenants.iter().all(|tenant| is_guid(tenant)) {
        return Some("expected tenants by their IDs, which are GUIDs, not `common` or a domain");
    }
    None
}

/// Whether this issuer is made from the template, for one of these tenants.
#[cfg(feature = "remote-keys")]
pub(crate) fn is_of_one(template: &str, tenants: &[String], issuer: &str) -> bool {
    let parts = template.split_once(TENANT);
    let tenant = parts.and_then(|(before, after)| issuer.strip_prefix(before)?.strip_suffix(after));
    tenant.is_some_and(|tenant| tenants.iter().any(|listed| listed == tenant))
}

fn is_guid(text: &str) -> bool {
    let lengths = text.split('-').map(str::len);
    lengths.eq([8, 4, 4, 4, 12]) && text.bytes().all(|byte| byte == b'-' || byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_template_has_one_place_for_tenants_that_are_guids() {
        let tenant = "72f988bf-86f1-41af-91ab-2d7cd011db47";
        let misuse = |template: &str, tenants: &[&str]| {
            misuse_of(template, &tenants.iter().map(|&tenant| tenant.to_owned()).collect::<Vec<_>>())
        };
        assert_eq!(misuse("https://x.example/{tenantid}/v2.0", &[tenant, tenant]), None);
        for template in ["https://x.example/", "https://x.example/{tenantid}/{tenantid}"] {
            assert!(misuse(template, &[tenant]).unwrap().contains("once"), "{template}");
        }
        assert!(misuse("{tenantid}", &[]).unwrap().contains("at least one"));
        for other in [
            "common",
            "",
            "contoso.example",
            &tenant[1..],
            &tenant.replace('-', ""),
            &tenant.replace('7', "g"),
        ] {
            assert!(misuse("{tenantid}", &[tenant, other]).unwrap().contains("GUIDs"), "{other}");
        }
    }

    #[cfg(feature = "remote-keys")]
    #[test]
    fn an_issuer_is_of_a_tenant_that_is_listed() {
        let tenants = ["a".to_owned(), "b".to_owned()];
        let is_of_one = |issuer| is_of_one("https://x.example/{tenantid}/v2.0", &tenants, issuer);
        for issuer in ["https://x.example/a/v2.0", "https://x.example/b/v2.0"] {
            assert!(is_of_one(issuer), "{issuer}");
        }
        for issuer in [
            "",
            "a",
            "https://x.example/c/v2.0",
            "https://x.example/A/v2.0",
            "https://x.example//v2.0",
            "https://x.example/v2.0",
            "https://x.example/{tenantid}/v2.0",
            "https://y.example/a/v2.0",
            "https://x.example/a/v1.0",
        ] {
            assert!(!is_of_one(issuer), "{issuer}");
        }
    }
}
