const TAGS = "urn:zoufang:form:1";

export interface Tag {
  role: string | null;
  metric: string | null;
  pipl: string | null;
}

/** The form's tags by nodeset. The engine drops foreign attributes, so they are read from the form itself. */
export type Tags = ReadonlyMap<string, Tag>;

export function readTags(xml: string): Tags {
  const form = new DOMParser().parseFromString(xml, "application/xml");
  const tags = new Map<string, Tag>();
  for (const bind of form.getElementsByTagNameNS("http://www.w3.org/2002/xforms", "bind")) {
    const nodeset = bind.getAttribute("nodeset");
    if (nodeset !== null) tags.set(nodeset, tagOf(bind));
  }
  return tags;
}

function tagOf(bind: Element): Tag {
  const read = (name: string) => bind.getAttributeNS(TAGS, name);
  return { role: read("role"), metric: read("metric"), pipl: read("pipl") };
}

/** The nodeset of the one question that has this role, or null. */
export function nodesetOfRole(tags: Tags, role: string): string | null {
  for (const [nodeset, tag] of tags) if (tag.role === role) return nodeset;
  return null;
}
