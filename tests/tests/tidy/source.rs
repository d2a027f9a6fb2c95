//! Reads Rust source just well enough for the rules: it knows comments, strings and braces.
//!
//! It is no parser. The sources are formatted by rustfmt and compile, which is what makes counting
//! braces good enough.

/// The source with the insides of comments, strings and chars replaced by spaces. Lines keep their
/// numbers.
pub(crate) fn code_only(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = text_end(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        }
        while at < end.min(chars.len()) {
            code.push(if chars[at] == '\n' { '\n' } else { ' ' });
            at += 1;
        }
    }
    code
}

/// The code without the items that stand below `#[cfg(test)]`.
pub(crate) fn without_tests(code: &str) -> String {
    let mut chars: Vec<char> = code.chars().collect();
    let marks = ["#[cfg(test)]", "#[cfg(all(test", "#[cfg(any(test, fuzzing))]"]
        .map(|mark| mark.chars().collect::<Vec<_>>());
    for start in 0..chars.len() {
        if !marks.iter().any(|mark| chars[start..].starts_with(mark)) {
            continue;
        }
        let Some(open) = (start..chars.len()).find(|&at| matches!(chars[at], '{' | ';')) else {
            continue;
        };
        let end = if chars[open] == '{' { matching_brace(&chars, open) } else { open };
        for blank in &mut chars[start..=end] {
            *blank = if *blank == '\n' { '\n' } else { ' ' };
        }
    }
    chars.into_iter().collect()
}

/// A function with a body: the line it starts on, its name and how many lines it takes.
pub(crate) struct Function {
    pub(crate) line: usize,
    pub(crate) name: String,
    pub(crate) lines: usize,
}

/// The functions with a body in `code`, which [`code_only`] has cleaned.
pub(crate) fn functions(code: &str) -> Vec<Function> {
    let chars: Vec<char> = code.chars().collect();
    let line_at = |at: usize| chars[..at].iter().filter(|c| **c == '\n').count() + 1;
    let function = |at: usize| {
        let name: String = chars[at + 3..].iter().take_while(|c| is_name(**c)).collect();
        let open = body_open(&chars, at).filter(|_| !name.is_empty())?;
        let (first, last) = (line_at(at), line_at(matching_brace(&chars, open)));
        Some(Function { line: first, name, lines: last - first + 1 })
    };
    word_starts(&chars, "fn")
        .filter(|at| chars.get(at + 2) == Some(&' '))
        .filter_map(function)
        .collect()
}

/// The lines of `code` on which `word` stands as a whole word.
pub(crate) fn lines_with_word(code: &str, word: &str) -> Vec<usize> {
    let has = |line: &str| {
        let chars: Vec<char> = line.chars().collect();
        word_starts(&chars, word).next().is_some()
    };
    lines_where(code, has)
}

/// The numbers of the lines for which `test` holds.
pub(crate) fn lines_where(code: &str, test: impl Fn(&str) -> bool) -> Vec<usize> {
    code.lines().enumerate().filter(|(_, line)| test(line)).map(|(index, _)| index + 1).collect()
}

/// The first names after `root::` with their lines: `crate::{a, b::c}` names `a` and `b`.
pub(crate) fn names_below(code: &str, root: &str) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    for (start, found) in code.match_indices(&format!("{root}::")) {
        if code[..start].chars().next_back().is_some_and(is_name) {
            continue;
        }
        let line = code[..start].matches('\n').count() + 1;
        let rest = &code[start + found.len()..];
        names.extend(first_names(rest).into_iter().map(|name| (line, name)));
    }
    names
}

fn first_names(rest: &str) -> Vec<String> {
    let name = |text: &str| text.trim_start().chars().take_while(|c| is_name(*c)).collect();
    let Some(group) = rest.strip_prefix('{') else {
        return vec![name(rest)];
    };
    let mut depth = 1;
    let mut names = vec![name(group)];
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            ',' if depth == 1 => names.push(name(&group[at + 1..])),
            _ => {}
        }
        if depth == 0 {
            break;
        }
    }
    names
}

/// Where the comment, string or char that starts at `at` ends; `at` when none starts there.
fn text_end(chars: &[char], at: usize) -> usize {
    match (chars[at], chars.get(at + 1)) {
        ('/', Some('/')) => {
            (at..chars.len()).find(|&end| chars[end] == '\n').unwrap_or(chars.len())
        }
        ('/', Some('*')) => block_comment_end(chars, at),
        ('"', _) => quoted_end(chars, at, '"'),
        ('r', Some('"' | '#')) => raw_string_end(chars, at),
        ('\'', Some('\\')) => quoted_end(chars, at, '\''),
        ('\'', _) if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => at,
    }
}

fn block_comment_end(chars: &[char], start: usize) -> usize {
    let (mut depth, mut at) = (0, start);
    while at + 1 < chars.len() {
        match (chars[at], chars[at + 1]) {
            ('/', '*') => (depth, at) = (depth + 1, at + 2),
            ('*', '/') => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            return at;
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < chars.len() && chars[at] != quote {
        at += if chars[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn raw_string_end(chars: &[char], start: usize) -> usize {
    let is_prefix =
        |at: usize| matches!(chars[at], 'b' | 'c') && (at == 0 || !is_name(chars[at - 1]));
    if start > 0 && is_name(chars[start - 1]) && !is_prefix(start - 1) {
        return start;
    }
    let hashes = chars[start + 1..].iter().take_while(|c| **c == '#').count();
    let open = start + 1 + hashes;
    if chars.get(open) != Some(&'"') {
        return start;
    }
    let closes = |at: usize| {
        chars[at] == '"'
            && chars[at + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes
    };
    (open + 1..chars.len()).find(|&at| closes(at)).map_or(chars.len(), |at| at + 1 + hashes)
}

/// Where the body of the function that starts at `at` opens; `None` for a declaration.
fn body_open(chars: &[char], at: usize) -> Option<usize> {
    let mut depth = 0;
    for (index, c) in chars.iter().enumerate().skip(at) {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' => depth -= 1,
            '{' if depth == 0 => return Some(index),
            ';' | '}' if depth <= 0 => return None,
            _ => {}
        }
    }
    None
}

fn matching_brace(chars: &[char], open: usize) -> usize {
    let mut depth = 0;
    for (index, c) in chars.iter().enumerate().skip(open) {
        match c {
            '{' => depth += 1,
            '}' => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return index;
        }
    }
    chars.len() - 1
}

fn word_starts(chars: &[char], word: &str) -> impl Iterator<Item = usize> {
    let word: Vec<char> = word.chars().collect();
    (0..chars.len()).filter(move |&at| {
        let free_before = at == 0 || !is_name(chars[at - 1]);
        let free_after = chars.get(at + word.len()).is_none_or(|c| !is_name(*c));
        free_before && free_after && chars[at..].starts_with(&word)
    })
}

fn is_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}
