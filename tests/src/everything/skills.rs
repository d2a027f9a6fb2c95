//! One skill of two files (SEP-2640).

use rmcp::ErrorData;
use rmcp::model::{
    DIRECTORY_MIME_TYPE, ListResourcesResult, ReadResourceDirectoryResult, Resource, Skill,
    SkillFrontmatter, SkillResource, SkillResources,
};

const SKILL: &str = "skill://counting/SKILL.md";
const TABLE: &str = "skill://counting/tables/small.md";
const SKILL_TEXT: &str = "---\nname: counting\ndescription: Counts things\n---\n\n# Counting\n\nSee `tables/small.md`.\n";
const TABLE_TEXT: &str = "# Small numbers\n\nOne, two, three.\n";

pub(super) fn all() -> Vec<Skill> {
    let files = [(SKILL, SKILL_TEXT), (TABLE, TABLE_TEXT)];
    let files = files.map(|(uri, text)| SkillResource::from_bytes(uri, text.as_bytes()));
    let front = SkillFrontmatter::new("counting", "Counts things");
    vec![Skill::new(SKILL, front, SkillResources::Files(files.into()))]
}

pub(super) fn get(uri: &str) -> Result<Skill, ErrorData> {
    let skill = all().into_iter().find(|skill| skill.uri == uri);
    skill.ok_or_else(|| ErrorData::invalid_params("no such skill", None))
}

pub(super) fn file(uri: &str) -> Option<&'static str> {
    [(SKILL, SKILL_TEXT), (TABLE, TABLE_TEXT)]
        .into_iter()
        .find(|file| file.0 == uri)
        .map(|file| file.1)
}

pub(super) fn directory(uri: &str) -> Result<ReadResourceDirectoryResult, ErrorData> {
    let file = |uri, name| Resource::new(uri, name).with_mime_type("text/markdown");
    let folder =
        Resource::new("skill://counting/tables", "tables").with_mime_type(DIRECTORY_MIME_TYPE);
    let entries = match uri.trim_end_matches('/') {
        "skill://counting" => {
            vec![file(SKILL, "counting").with_description("Counts things"), folder]
        }
        "skill://counting/tables" => vec![file(TABLE, "small.md")],
        _ => return Err(ErrorData::invalid_params("no such directory", None)),
    };
    Ok(ListResourcesResult::with_all_items(entries))
}
