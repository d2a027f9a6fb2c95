//! serde's `rename_all` rules.

/// How a name in the source becomes a name on the wire.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Case {
    #[default]
    Unchanged,
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

const CASES: [(&str, Case); 8] = [
    ("lowercase", Case::Lower),
    ("UPPERCASE", Case::Upper),
    ("PascalCase", Case::Pascal),
    ("camelCase", Case::Camel),
    ("snake_case", Case::Snake),
    ("SCREAMING_SNAKE_CASE", Case::ScreamingSnake),
    ("kebab-case", Case::Kebab),
    ("SCREAMING-KEBAB-CASE", Case::ScreamingKebab),
];

impl Case {
    /// The rule of that name; serde itself reports one that does not exist.
    pub(crate) fn named(name: &str) -> Self {
        CASES.iter().find(|(known, _)| *known == name).map_or(Self::Unchanged, |(_, case)| *case)
    }

    /// A field, which the source writes in `snake_case`.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Self::Unchanged | Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Pascal => pascal(name),
            Self::Camel => first_lower(&pascal(name)),
            Self::Kebab => name.replace('_', "-"),
            Self::ScreamingKebab => name.to_ascii_uppercase().replace('_', "-"),
        }
    }

    /// A variant, which the source writes in `PascalCase`.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Self::Unchanged | Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => first_lower(name),
            Self::Snake => snake(name),
            Self::ScreamingSnake => snake(name).to_ascii_uppercase(),
            Self::Kebab => snake(name).replace('_', "-"),
            Self::ScreamingKebab => snake(name).to_ascii_uppercase().replace('_', "-"),
        }
    }
}

fn pascal(name: &str) -> String {
    let mut words = String::new();
    let mut starts = true;
    for character in name.chars() {
        match character {
            '_' => starts = true,
            character if starts => {
                words.push(character.to_ascii_uppercase());
                starts = false;
            }
            character => words.push(character),
        }
    }
    words
}

fn first_lower(name: &str) -> String {
    let mut characters = name.chars();
    match characters.next() {
        Some(first) => first.to_ascii_lowercase().to_string() + characters.as_str(),
        None => String::new(),
    }
}

fn snake(name: &str) -> String {
    let mut words = String::new();
    for (index, character) in name.char_indices() {
        if index > 0 && character.is_uppercase() {
            words.push('_');
        }
        words.push(character.to_ascii_lowercase());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(rule: &str, field: &str, variant: &str) {
        let case = Case::named(rule);
        assert_eq!(
            (case.field("page_size"), case.variant("VeryTasty")),
            (field.into(), variant.into())
        );
    }

    #[test]
    fn every_rule_of_serde_gives_the_name_on_the_wire() {
        check("lowercase", "page_size", "verytasty");
        check("UPPERCASE", "PAGE_SIZE", "VERYTASTY");
        check("PascalCase", "PageSize", "VeryTasty");
        check("camelCase", "pageSize", "veryTasty");
        check("snake_case", "page_size", "very_tasty");
        check("SCREAMING_SNAKE_CASE", "PAGE_SIZE", "VERY_TASTY");
        check("kebab-case", "page-size", "very-tasty");
        check("SCREAMING-KEBAB-CASE", "PAGE-SIZE", "VERY-TASTY");
    }
}
