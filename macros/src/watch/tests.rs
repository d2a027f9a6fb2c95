//! Expansions as text, and the items that must come out as they went in.

use std::str::FromStr;

use proc_macro2::TokenStream;

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).expect("tokens")
}

fn expand(args: &str, item: &str) -> TokenStream {
    super::expand(tokens(args), tokens(item))
}

/// One line per statement, which is enough to read a difference.
fn lines(tokens: &TokenStream) -> String {
    let text = tokens.to_string();
    text.replace(" ; ", " ;\n").replace(" { ", " {\n").replace(" } ", "\n}\n")
}

const ITEM: &str = "/// Docs.
    #[instrument(skip(self))] #[tool(name = \"x\")] pub async fn search<'a>(&'a self, Parameters(S { a, .. }): Parameters<S>) -> Result<Json<T>, E>
    where Self: Sized { #![allow(unused)] this is not rust }";

#[test]
fn skip_gives_the_item_back_token_by_token_but_for_one_argument_of_tool() {
    // Spaces are left out: they tell how tokens were printed.
    let text = |tokens: TokenStream| tokens.to_string().replace(' ', "");
    let mut expanded = text(expand("skip", ITEM));
    let start = expanded.find(",input_schema={static").expect("the argument is there");
    let end = start + expanded[start..].find(")]pub").expect("the fn follows");
    expanded.replace_range(start..end, "");
    assert_eq!(expanded, text(tokens(ITEM)));
}

#[test]
fn a_skipped_tool_keeps_its_fn_and_says_that_it_is_skipped() {
    insta::assert_snapshot!(lines(&expand("skip", ITEM)));
}

#[test]
fn a_skipped_tool_keeps_the_schema_that_its_author_wrote() {
    let item = "#[tool(input_schema = schema(), title = \"t\")] fn search(&self) {}";
    insta::assert_snapshot!(lines(&expand("skip, crate = c::t", item)));
}

#[test]
fn a_mistake_keeps_the_item_and_adds_one_error() {
    let expanded = expand("skp", ITEM).to_string();
    let rest = expanded.strip_prefix(&tokens(ITEM).to_string()).expect("the item comes first");
    assert_eq!(rest.matches("compile_error").count(), 1);
}

#[test]
fn what_tool_refuses_is_left_to_it() {
    let item = "#[tool(name)] #[tool = 7] fn search(&self) {}";
    assert_eq!(
        expand("", &item.replace("(name)", "(7)")).to_string(),
        tokens(&item.replace("(name)", "(7)")).to_string()
    );
}

#[test]
fn the_expansion_is_the_same_every_time() {
    let args = "args(a = len, b = value, c.d = hash)";
    assert_eq!(expand(args, ITEM).to_string(), expand(args, ITEM).to_string());
}

#[test]
fn an_async_tool_with_rules_expands_to_four_items() {
    let args = "args(a = len, b.c = value, d = volatile), deny_unlisted, intent(required, max_chars = 9), tags(k = \"v\")";
    insta::assert_snapshot!(lines(&expand(args, ITEM)));
}

#[test]
fn a_sync_tool_without_anything_expands_to_three_items() {
    insta::assert_snapshot!(lines(&expand("crate = c::t", "#[rmcp::tool] fn search() {}")));
}
