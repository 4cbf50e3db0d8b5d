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
}
