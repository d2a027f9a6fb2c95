//! Writes a generated schema down as JSON Schema.

use serde_json::{Map, Value, json};

use super::needle::{Kind, Needles};
use super::schema::{Extra, NUMBERS, Node, Object, Property, Schema};

impl Schema {
    /// The schema as JSON.
    pub fn to_json(&self, needles: &mut Needles) -> Map<String, Value> {
        let mut schema = object_json(&self.root, needles);
        let definitions = self.definitions.iter().enumerate();
        let definitions: Map<_, _> =
            definitions.map(|(at, node)| (format!("d{at}"), node_json(node, needles))).collect();
        schema.insert("$defs".into(), Value::Object(definitions));
        if self.root.union {
            let required: Vec<_> =
                self.root.properties.iter().map(|it| json!({ "required": [it.name] })).collect();
            schema.insert("anyOf".into(), Value::Array(required));
        }
        schema
    }
}

fn node_json(node: &Node, needles: &mut Needles) -> Value {
    let mut schema = match node {
        Node::Any => Map::new(),
        Node::Text { prefix, bounded, format } => text_json(*prefix, *bounded, *format),
        Node::Number { whole, multiple_of } => number_json(*whole, *multiple_of),
        Node::Boolean => members(json!({ "type": "boolean" })),
        Node::Choice(values) if values.len() == 1 => members(json!({ "const": values[0] })),
        Node::Choice(values) => members(json!({ "enum": values })),
        Node::List { items, contains } => {
            list_json(&node_json(items, needles), contains.as_deref())
        }
        Node::Tuple(nodes) => {
            let prefix: Vec<_> = nodes.iter().map(|node| node_json(node, needles)).collect();
            members(json!({ "type": "array", "prefixItems": prefix, "items": false }))
        }
        Node::Object(object) => object_json(object, needles),
        Node::Reference(at) => members(json!({ "$ref": format!("#/$defs/d{at}") })),
        Node::Union(keyword, other) => {
            let text = text_json(Some("id-"), false, None);
            members(json!({ *keyword: [text, { "type": "number" }, node_json(other, needles)] }))
        }
        Node::Not(node, literal) => {
            members(json!({ "allOf": [node_json(node, needles)], "not": { "const": literal } }))
        }
        Node::Conditional(prefix) => members(json!({
            "if": { "type": "string" },
            "then": { "pattern": format!("^{prefix}") },
            "else": { "type": "boolean" },
        })),
    };
    annotate(&mut schema, needles);
    Value::Object(schema)
}

/// Words about a place, which hold needles now and then.
fn annotate(schema: &mut Map<String, Value>, needles: &mut Needles) {
    if needles.random().one_in(6) {
        schema
            .insert("description".into(), needles.text(Kind::Schema, "schema description").into());
        schema.insert("default".into(), needles.value(Kind::Schema, "schema default"));
    }
}

fn text_json(prefix: Option<&str>, bounded: bool, format: Option<&str>) -> Map<String, Value> {
    let mut schema = members(json!({ "type": "string" }));
    if let Some(prefix) = prefix {
        schema.insert("pattern".into(), format!("^{prefix}").into());
    }
    if bounded {
        schema.extend([("minLength".to_owned(), json!(19)), ("maxLength".to_owned(), json!(60))]);
    }
    if let Some(format) = format {
        schema.insert("format".into(), format.into());
    }
    schema
}

fn number_json(whole: bool, multiple_of: Option<i64>) -> Map<String, Value> {
    let (lowest, highest) = NUMBERS;
    let mut schema = if whole {
        members(json!({ "type": "integer", "minimum": lowest, "maximum": highest }))
    } else {
        members(
            json!({ "type": "number", "exclusiveMinimum": lowest, "exclusiveMaximum": highest }),
        )
    };
    schema.extend(multiple_of.map(|multiple| ("multipleOf".to_owned(), json!(multiple))));
    schema
}

fn list_json(items: &Value, contains: Option<&str>) -> Map<String, Value> {
    let mut schema = members(json!({
        "type": "array", "items": items, "minItems": 1, "maxItems": 4, "uniqueItems": true,
    }));
    schema.extend(contains.map(|literal| ("contains".to_owned(), json!({ "const": literal }))));
    schema
}

fn object_json(object: &Object, needles: &mut Needles) -> Map<String, Value> {
    let property = |it: &Property| (it.name.to_owned(), node_json(&it.node, needles));
    let properties: Map<_, _> = object.properties.iter().map(property).collect();
    let required: Vec<_> =
        object.properties.iter().filter(|it| it.required).map(|it| it.name).collect();
    let mut schema =
        members(json!({ "type": "object", "properties": properties, "required": required }));
    match &object.extra {
        Extra::Open => {}
        Extra::Closed(keyword) => drop(schema.insert((*keyword).into(), false.into())),
        Extra::Map(node) => {
            drop(schema.insert("additionalProperties".into(), node_json(node, needles)))
        }
        Extra::Pattern(prefix, node) => {
            let pattern = json!({ format!("^{prefix}"): node_json(node, needles) });
            schema.insert("patternProperties".into(), pattern);
            schema.insert("propertyNames".into(), json!({ "maxLength": 40 }));
        }
    }
    if let Some((first, second)) = object.dependent {
        schema.insert("dependentRequired".into(), json!({ first: [second] }));
    }
    if object.counted {
        schema.extend([
            ("minProperties".to_owned(), json!(1)),
            ("maxProperties".to_owned(), json!(30)),
        ]);
    }
    schema
}

fn members(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}
