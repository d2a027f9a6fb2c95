//! Puts an event and the members that it shares with others together again.

/// Appends a JSON object to `out` with the shared members added to it, by copying bytes alone.
pub(crate) fn splice(payload: &[u8], common: &[u8], out: &mut Vec<u8>) {
    match payload.strip_suffix(b"}") {
        Some(open) if !common.is_empty() => {
            out.extend_from_slice(open);
            if open.len() > 1 {
                out.push(b',');
            }
            out.extend_from_slice(common);
            out.push(b'}');
        }
        _ => out.extend_from_slice(payload),
    }
}

#[cfg(test)]
mod tests {
    use super::splice;

    #[test]
    fn shared_members_are_added_to_the_object() {
        for (payload, common, expect) in [
            ("{\"a\":1}", "\"b\":2", "{\"a\":1,\"b\":2}"),
            ("{}", "\"b\":2", "{\"b\":2}"),
            ("{\"a\":1}", "", "{\"a\":1}"),
        ] {
            let mut out = Vec::new();
            splice(payload.as_bytes(), common.as_bytes(), &mut out);
            assert_eq!(String::from_utf8(out).unwrap(), expect);
        }
    }
}
