//! What is a key, a value and a set of tags, at the ends.

use super::*;
use crate::event::encode::tests::plain;

#[test]
fn f1_keys_have_1_to_32_characters_of_their_alphabet() {
    for key in ["a", "0", "a_b.c-9", &"k".repeat(32)] {
        assert!(is_key(key), "{key}");
    }
    for key in ["", "A", "a b", "é", "a\n", "a\"", &"k".repeat(33)] {
        assert!(!is_key(key), "{key:?}");
    }
}

#[test]
fn f1_values_have_1_to_200_characters_without_control_and_formatting() {
    for value in ["a", "A b \"c\" {}", &"é".repeat(200), &"\u{1f600}".repeat(200)] {
        assert_eq!(TagValue::new(value.to_owned()).map(|it| it.as_str() == value), Some(true));
    }
    let bidi = "a\u{202e}b";
    for value in ["", "a\nb", "\u{0}", bidi, "\u{200b}", &"x".repeat(201), &"é".repeat(201)] {
        assert!(TagValue::new(value.to_owned()).is_none(), "{value:?}");
    }
    assert_eq!(format!("{:?}", TagValue::new("secret")), "Some(TagValue(6 chars))");
}

#[test]
fn f1_of_tags_with_one_key_the_nearest_holds() {
    let tag = |key, value| Tag::new(key, Exposed::name(value)).unwrap();
    let of_watch = [tag("a", "watch"), tag("b", "watch"), tag("c", "watch")];
    let mut event = plain();
    event.tags = &[("b", "attribute"), ("c", "attribute"), ("d", "attribute")];
    event.more_tags = vec![tag("c", "call"), tag("e", "call")];
    let all: Vec<_> = tags(&event, &of_watch).collect();
    let expected =
        [("a", "watch"), ("b", "attribute"), ("d", "attribute"), ("c", "call"), ("e", "call")];
    assert_eq!(all, expected);
}

#[test]
fn f1_released_values_become_texts_of_tags() {
    let text = |value| Tag::new("k", value).ok().map(|tag| tag.value.as_str().to_owned());
    assert_eq!(text(Exposed::bool(true)).as_deref(), Some("true"));
    assert_eq!(text(Exposed::int(i64::MIN)).as_deref(), Some("-9223372036854775808"));
    assert_eq!(text(Exposed::name("pro")).as_deref(), Some("pro"));
    assert_eq!(text(Exposed::name("")), None);
    assert!(Property::new("k", Exposed::name("a\nb")).is_err());
}
