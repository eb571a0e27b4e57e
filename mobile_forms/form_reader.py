"""The XML of an XForm taken apart; the result's types and meaning stand in `mobile_forms.definition`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from mobile_forms.definition import (
    Action,
    Bind,
    Choice,
    ChoiceSource,
    FormDefinition,
    FormError,
    Group,
    Kind,
    Output,
    Question,
    Text,
    Texts,
)
from mobile_forms.safe_xml import XmlError, local_name, parse_xml

MAX_FORM_BYTES = 8_000_000

XF = "{http://www.w3.org/2002/xforms}"
XHTML = "{http://www.w3.org/1999/xhtml}"
JR = "{http://openrosa.org/javarosa}"
ODK = "{http://www.opendatakit.org/xforms}"
ORX = "{http://openrosa.org/xforms}"
ZF = "{urn:zoufang:form:1}"

_ITEXT = re.compile(r"^\s*jr:itext\(\s*'([^']*)'\s*\)\s*$")
_INSTANCE = re.compile(r"^\s*(?:randomize\(\s*)?instance\(\s*'([^']+)'\s*\)")
_MEDIA = re.compile(r"^jr://(?:file|file-csv|images|audio|video)/(.+)$")

_INPUTS: Mapping[str, Kind] = {
    "string": "text",
    "int": "integer",
    "integer": "integer",
    "long": "integer",
    "decimal": "decimal",
    "double": "decimal",
    "date": "date",
    "time": "time",
    "dateTime": "datetime",
    "geopoint": "geopoint",
    "geotrace": "geotrace",
    "geoshape": "geoshape",
    "barcode": "barcode",
}
_CONTROLS: Mapping[str, Kind] = {
    "select1": "select_one",
    "select": "select_multiple",
    "rank": "rank",
    "range": "range",
    "trigger": "acknowledge",
    "secret": "text",
}
_UPLOADS: Mapping[str, Kind] = {"image": "image", "audio": "audio", "video": "video"}


class FormReader:
    """One XForm being read."""

    def __init__(self, xml: bytes) -> None:
        try:
            self.html = parse_xml(xml, limit=MAX_FORM_BYTES)
        except XmlError as error:
            raise FormError("malformed", f"the form cannot be read: {error}") from error
        model = self.html.find(f"{XHTML}head/{XF}model")
        body = self.html.find(f"{XHTML}body")
        primary = None if model is None else model.find(f"{XF}instance")
        if model is None or body is None or primary is None or not len(primary):
            raise FormError("not_a_form", "this XML is not an XForm: it has no model, instance or body")
        self.model, self.body, self.instance = model, body, primary[0]
        self.binds = {_path(bind.get("nodeset")): bind for bind in self.model.iterfind(f"{XF}bind")}
        self.languages, self.default_language, self.texts = self._read_itext()
        self.lists, self.files = self._read_instances()
        self.controls = {_path(e.get("ref")): e for e in self.body.iter(*_control_tags()) if e.get("ref")}
        self.repeats = {_path(e.get("nodeset")): e for e in self.body.iter(f"{XF}repeat")}

    def read(self) -> FormDefinition:
        """The definition of the form."""
        form_id = self.instance.get("id") or ""
        if not form_id:
            raise FormError("no_id", "the form has no form_id")
        root = self._read_group(self.instance, "", "")
        self._refuse_stray_binds(root)
        meta_name = self.binds.get(f"{root.path}/meta/instanceName")
        return FormDefinition(
            form_id=form_id,
            version=self.instance.get("version") or self.instance.get(f"{ORX}version") or "",
            title=(self.html.findtext(f"{XHTML}head/{XHTML}title") or "").strip(),
            root=root,
            languages=self.languages,
            default_language=self.default_language,
            files=self.files,
            pictures=tuple(self._pictures()),
            lists=self.lists,
            texts=self.texts,
            actions=tuple(self._read_actions()),
            instance_name=None if meta_name is None else meta_name.get("calculate"),
            namespace=etree.QName(self.instance).namespace or "",
        )

    def _read_itext(self) -> tuple[tuple[str, ...], str, dict[str, dict[str, Text]]]:
        texts: dict[str, dict[str, Text]] = {}
        languages: list[str] = []
        default = ""
        for translation in self.model.iterfind(f"{XF}itext/{XF}translation"):
            language = translation.get("lang") or "default"
            languages.append(language)
            if translation.get("default"):
                default = language
            for entry in translation.iterfind(f"{XF}text"):
                value = next((v for v in entry.iterfind(f"{XF}value") if not v.get("form")), None)
                if value is not None:
                    texts.setdefault(entry.get("id") or "", {})[language] = _text(value)
        languages = languages or ["default"]
        return tuple(languages), default or languages[0], texts

    def _read_instances(self) -> tuple[dict[str, tuple[dict[str, str], ...]], dict[str, str]]:
        lists: dict[str, tuple[dict[str, str], ...]] = {}
        files: dict[str, str] = {}
        for instance in self.model.iterfind(f"{XF}instance"):
            name, source = instance.get("id"), instance.get("src")
            if name and source == "jr://instance/last-saved":
                lists[name] = ()  # what a phone remembers of the interview before: nothing here
            elif name and source:
                named = _MEDIA.match(source)
                files[name] = named.group(1) if named else source
            elif name:
                lists[name] = tuple(_row(item) for root in instance for item in root)
        return lists, files

    def _pictures(self) -> Iterator[str]:
        """Files that labels name: pictures, sounds, films."""
        for value in self.model.iterfind(f"{XF}itext/{XF}translation/{XF}text/{XF}value"):
            named = _MEDIA.match((value.text or "").strip()) if value.get("form") else None
            if named:
                yield named.group(1)

    def _read_actions(self) -> Iterator[Action]:
        for element in self.html.iter(f"{XF}setvalue"):
            parent = element.getparent()
            inside = parent is not None and parent is not self.model
            yield Action(
                path=_path(element.get("ref")),
                expression=element.get("value") or _quoted(element.text or ""),
                events=frozenset((element.get("event") or "").split()),
                trigger=_path(parent.get("ref")) if inside and parent is not None else "",
            )

    def _read_group(self, element: etree._Element, above: str, repeat: str) -> Group:
        path = f"{above}/{local_name(str(element.tag))}"
        repeating = self.repeats.get(path)
        inside = path if repeating is not None else repeat
        control = self._group_control(path)
        return Group(
            name=local_name(str(element.tag)),
            path=path,
            label=self._label(control, "label"),
            bind=self._bind(path),
            children=tuple(self._read_children(element, path, inside)),
            appearance=_attribute(control, "appearance"),
            repeat=repeating is not None,
            count=None if repeating is None else repeating.get(f"{JR}count"),
        )

    def _read_children(self, element: etree._Element, path: str, repeat: str) -> Iterator[Group | Question]:
        seen: set[str] = set()
        for child in element:
            name = local_name(str(child.tag))
            below = f"{path}/{name}"
            if below in seen or (element is self.instance and name == "meta"):
                continue
            seen.add(below)
            if len(child) or below in self.repeats:
                yield self._read_group(child, path, repeat)
            else:
                yield self._read_question(child, below, repeat)

    def _group_control(self, path: str) -> etree._Element | None:
        return next((e for e in self.body.iter(f"{XF}group") if _path(e.get("ref")) == path), None)

    def _read_question(self, element: etree._Element, path: str, repeat: str) -> Question:
        bind, control = self.binds.get(path), self.controls.get(path)
        kind = self._kind(path, bind, control)
        choices, source = self._choices(control)
        return Question(
            name=local_name(str(element.tag)),
            path=path,
            kind=kind,
            data_type=_attribute(bind, "type") or "string",
            label=self._label(control, "label"),
            hint=self._label(control, "hint"),
            bind=self._bind(path),
            choices=choices,
            source=source,
            media=self.files.get(source.instance, "") if source else "",
            appearance=_attribute(control, "appearance"),
            default=(element.text or "").strip(),
            preload=_preload(bind),
            role=_attribute(bind, f"{ZF}role"),
            metric=_attribute(bind, f"{ZF}metric"),
            pipl=_attribute(bind, f"{ZF}pipl"),
            repeat=repeat,
            parameters=_parameters(bind, control),
        )

    def _kind(self, path: str, bind: etree._Element | None, control: etree._Element | None) -> Kind:
        if control is None:
            if bind is not None and bind.get("calculate"):
                return "calculate"
            return "meta" if _preload(bind) else "hidden"
        tag = local_name(str(control.tag))
        if tag == "upload":
            return _UPLOADS.get((control.get("mediatype") or "").partition("/")[0], "file")
        if tag != "input":
            # With the appearance "label" a select only heads the columns of a table.
            return "note" if "label" in _attribute(control, "appearance").split() else _CONTROLS[tag]
        data_type = _attribute(bind, "type") or "string"
        if data_type == "string" and _attribute(bind, "readonly") == "true()":
            return "note"
        if data_type not in _INPUTS:
            name = path.rpartition("/")[2]
            raise FormError("unsupported", f"question {name}: the type {data_type} is not supported", question=name)
        return _INPUTS[data_type]

    def _choices(self, control: etree._Element | None) -> tuple[tuple[Choice, ...], ChoiceSource | None]:
        if control is None:
            return (), None
        itemset = control.find(f"{XF}itemset")
        if itemset is None:
            return tuple(self._item(item) for item in control.iterfind(f"{XF}item")), None
        source = _source(itemset)
        if source.instance not in self.lists:
            return (), source
        return tuple(self._list_choice(row, source) for row in self.lists[source.instance]), source

    def _item(self, item: etree._Element) -> Choice:
        return Choice(value=(item.findtext(f"{XF}value") or "").strip(), label=self._label(item, "label"))

    def _list_choice(self, row: Mapping[str, str], source: ChoiceSource) -> Choice:
        if source.translated:
            label: Texts = self.texts.get(row.get(source.label, ""), {})
        else:
            label = dict.fromkeys(self.languages, Text((row.get(source.label, ""),)))
        hidden = {source.value, source.label}
        return Choice(
            value=row.get(source.value, ""),
            label=label,
            extra={key: value for key, value in row.items() if key not in hidden},
        )

    def _label(self, control: etree._Element | None, tag: str) -> Texts:
        element = None if control is None else control.find(f"{XF}{tag}")
        if element is None:
            return {}
        return self._texts(element.get("ref")) or dict.fromkeys(self.languages, _text(element))

    def _texts(self, reference: str | None) -> Texts:
        named = _ITEXT.match(reference or "")
        return self.texts.get(named.group(1), {}) if named else {}

    def _message(self, bind: etree._Element, name: str) -> Texts:
        message = bind.get(f"{JR}{name}")
        if not message:
            return {}
        return self._texts(message) or dict.fromkeys(self.languages, Text((message,)))

    def _bind(self, path: str) -> Bind:
        bind = self.binds.get(path)
        if bind is None:
            return Bind()
        return Bind(
            relevant=bind.get("relevant"),
            required=bind.get("required"),
            constraint=bind.get("constraint"),
            calculate=bind.get("calculate"),
            readonly=bind.get("readonly"),
            constraint_message=self._message(bind, "constraintMsg"),
            required_message=self._message(bind, "requiredMsg"),
        )

    def _refuse_stray_binds(self, root: Group) -> None:
        known = {root.path, *(node.path for node in root.walk())}
        for path in {*self.binds, *self.controls, *self.repeats}:
            if path not in known and not path.startswith(f"{root.path}/meta"):
                raise FormError("unknown_path", f"the form binds {path}, and no such node is in its instance")


def _control_tags() -> tuple[str, ...]:
    names = ("input", "select", "select1", "upload", "trigger", "range", "secret")
    return (*(f"{XF}{name}" for name in names), f"{ODK}rank")


def _path(reference: str | None) -> str:
    return (reference or "").strip()


def _attribute(element: etree._Element | None, name: str) -> str:
    return "" if element is None else (element.get(name) or "").strip()


def _preload(bind: etree._Element | None) -> str:
    kind = _attribute(bind, f"{JR}preload")
    return f"{kind}:{_attribute(bind, f'{JR}preloadParams')}" if kind else ""


def _quoted(literal: str) -> str:
    return "'" + literal.replace("'", "") + "'"


def _row(item: etree._Element) -> dict[str, str]:
    return {local_name(str(cell.tag)): cell.text or "" for cell in item}


def _source(itemset: etree._Element) -> ChoiceSource:
    nodeset = itemset.get("nodeset") or ""
    named = _INSTANCE.match(nodeset)
    value, label = itemset.find(f"{XF}value"), itemset.find(f"{XF}label")
    reference = _attribute(label, "ref") or "label"
    translated = reference.startswith("jr:itext(")
    return ChoiceSource(
        nodeset=nodeset,
        instance=named.group(1) if named else "",
        value=_attribute(value, "ref") or "name",
        label=reference[len("jr:itext(") : -1].strip() if translated else reference,
        translated=translated,
    )


def _parameters(bind: etree._Element | None, control: etree._Element | None) -> dict[str, str]:
    found = {}
    known = {
        "nodeset",
        "type",
        "relevant",
        "required",
        "constraint",
        "calculate",
        "readonly",
        "ref",
        "appearance",
    }
    for element in (bind, control):
        for name, value in {} if element is None else dict(element.attrib).items():
            short = local_name(str(name))
            if short not in known and not str(name).startswith((ZF, JR)):
                found[short] = str(value)
    return found


def _text(element: etree._Element) -> Text:
    parts: list[str | Output] = [element.text or ""]
    for child in element:
        if local_name(str(child.tag)) == "output":
            parts.append(Output((child.get("value") or child.get("ref") or "").strip()))
        parts.append(child.tail or "")
    if isinstance(parts[0], str):
        parts[0] = parts[0].lstrip()
    if isinstance(parts[-1], str):
        parts[-1] = parts[-1].rstrip()
    return Text(tuple(part for part in parts if part))
