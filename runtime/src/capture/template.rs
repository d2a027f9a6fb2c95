//! Which advertised URI template a URI was made from (RFC 6570, read backwards).
//!
//! Matching walks the URI once and keeps the set of places in the template where it can be, so its
//! cost is bounded by the lengths of both, whatever they hold.

use crate::event::Name;

/// How many pieces a template may have.
const MAX_TOKENS: usize = 1024;

/// How many bytes of a URI are matched; a longer one matches nothing.
const MAX_URI: usize = 8 * 1024;

/// A parsed template.
#[derive(Debug)]
pub(crate) struct Template {
    name: Name,
    variables: Vec<Name>,
    tokens: Vec<Token>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Token {
    Literal(u8),
    /// Any bytes but those that separate parts of a URI: `{name}`.
    Part,
    /// Any bytes: `{+name}`, `{#name}`, lists and queries.
    Any,
}

impl Token {
    const fn takes(self, byte: u8) -> bool {
        match self {
            Self::Literal(literal) => literal == byte,
            Self::Part => !matches!(byte, b'/' | b'?' | b'#'),
            Self::Any => true,
        }
    }

    const fn repeats(self) -> bool {
        !matches!(self, Self::Literal(_))
    }
}

impl Template {
    /// Parses a template; `None` when it is none, or too long.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (mut tokens, mut variables) = (Vec::new(), Vec::new());
        let mut rest = text;
        while let Some(open) = rest.find('{') {
            let (literal, expression) = (&rest[..open], &rest[open + 1..]);
            let close = expression.find('}')?;
            tokens.extend(literal.bytes().map(Token::Literal));
            expand(&expression[..close], &mut tokens, &mut variables);
            rest = &expression[close + 1..];
        }
        tokens.extend(rest.bytes().map(Token::Literal));
        let is_usable = tokens.len() <= MAX_TOKENS && !rest.contains('}');
        is_usable.then(|| Self { name: Name::register(text), variables, tokens })
    }

    /// The template as the author wrote it.
    pub(crate) const fn name(&self) -> Name {
        self.name
    }

    /// How many bytes of it are not variable: of several matching templates the longest says most.
    pub(crate) fn literal_len(&self) -> usize {
        self.tokens.iter().filter(|token| !token.repeats()).count()
    }

    /// The variable of this name.
    pub(crate) fn variable(&self, name: &str) -> Option<Name> {
        self.variables.iter().find(|variable| variable.is_of(name)).copied()
    }

    /// Whether the URI can have been made from this template.
    pub(crate) fn matches(&self, uri: &str) -> bool {
        if uri.len() > MAX_URI {
            return false;
        }
        // `at[n]`: the first n tokens can stand for what was read so far.
        let mut at = vec![false; self.tokens.len() + 1];
        let mut next = at.clone();
        at[0] = true;
        self.skip_repeats(&mut at);
        for byte in uri.bytes() {
            next.fill(false);
            for (place, token) in self.tokens.iter().enumerate().filter(|(_, t)| t.takes(byte)) {
                if at[place] {
                    next[if token.repeats() { place } else { place + 1 }] = true;
                }
            }
            self.skip_repeats(&mut next);
            std::mem::swap(&mut at, &mut next);
            if !at.contains(&true) {
                return false;
            }
        }
        at.last() == Some(&true)
    }

    /// A variable may be empty.
    fn skip_repeats(&self, at: &mut [bool]) {
        for (place, token) in self.tokens.iter().enumerate() {
            if at[place] && token.repeats() {
                at[place + 1] = true;
            }
        }
    }
}

/// The tokens of one expression, and the names of its variables.
fn expand(expression: &str, tokens: &mut Vec<Token>, variables: &mut Vec<Name>) {
    let operator = expression.chars().next().filter(|c| "+#./;?&".contains(*c));
    let list = expression.strip_prefix(|c| Some(c) == operator).unwrap_or(expression);
    let mut is_simple = operator.is_none();
    for variable in list.split(',') {
        let name = variable.trim_end_matches('*').split(':').next().unwrap_or_default();
        is_simple &= !variable.ends_with('*');
        variables.push(Name::register(name));
    }
    tokens.push(if is_simple { Token::Part } else { Token::Any });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, matching: &[&str], others: &[&str]) {
        let template = Template::parse(template).unwrap();
        matching.iter().for_each(|uri| assert!(template.matches(uri), "{uri}"));
        others.iter().for_each(|uri| assert!(!template.matches(uri), "{uri}"));
    }

    #[test]
    fn uris_match_the_template_they_were_made_from() {
        check(
            "docs://{topic}/page/{n}",
            &["docs://rust/page/7", "docs:///page/"],
            &["docs://rust/page/7/8", "docs://a/b/page/7", "docs://rust/pages/7", ""],
        );
        check("file:///{+path}", &["file:///a/b/c.txt", "file:///"], &["file://a", "files:///a"]);
        check("db://t{/row*}{?q,limit}", &["db://t", "db://t/1/2?q=x"], &["db://"]);
        check("plain://x", &["plain://x"], &["plain://x/", "plain://"]);
        check("x://{a}-{b}", &["x://1-2", "x://1-2-3", "x://-"], &["x://1"]);
    }

    #[test]
    fn what_is_no_template_has_none() {
        assert!(Template::parse("a{b").is_none());
        assert!(Template::parse("a}b").is_none());
        assert!(Template::parse(&"x".repeat(MAX_TOKENS + 1)).is_none());
    }

    #[test]
    fn variables_are_named_without_their_modifiers() {
        let template = Template::parse("x://{a}/{?b*,c:3}").unwrap();
        let names = ["a", "b", "c"].map(|name| template.variable(name).is_some());
        assert_eq!((names, template.variable("d")), ([true; 3], None));
    }

    #[test]
    fn a_hostile_uri_costs_no_more_than_its_length() {
        let template = Template::parse(&"{a}".repeat(500)).unwrap();
        assert!(template.matches(&"a".repeat(MAX_URI)));
        assert!(!template.matches(&"a".repeat(MAX_URI + 1)));
        assert!(!template.matches(&format!("{}/", "a".repeat(4000))));
    }
}
