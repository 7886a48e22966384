"""Follow the relationships between the parts of an Office Open XML package."""

import posixpath
from zipfile import ZipFile

from tenant_app.library.parsing.package import has_part, xml_part


def related_parts(package: ZipFile, part: str) -> dict[str, str]:
    """Return the parts that `part` refers to inside the package, by the id of the reference.

    What lies outside the package (a link, a linked workbook) is left out: it is never fetched.
    """
    folder, name = posixpath.split(part)
    relations = posixpath.join(folder, "_rels", f"{name}.rels")
    if not has_part(package, relations):
        return {}
    found = {}
    for relation in xml_part(package, relations):
        target = relation.get("Target", "")
        if target and relation.get("TargetMode") != "External":
            found[relation.get("Id", "")] = posixpath.normpath(posixpath.join("/", folder, target))[1:]
    return found
