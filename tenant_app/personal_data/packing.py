"""One's own data as a ZIP archive: all of it as JSON, and each conversation to be read."""

import io
import zipfile

from tenant_app.assistant.exporting import as_markdown
from tenant_app.personal_data.collecting import Holdings
from tenant_app.personal_data.schemas import OwnData

DATA = "data.json"


def packed(held: Holdings, session_id: str | None) -> bytes:
    """Return the archive of what is held; names in it are ours, never a person's words."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(DATA, OwnData.of(held, session_id).model_dump_json(indent=2))
        for conversation in held.conversations:
            archive.writestr(f"conversations/{conversation.id}.md", as_markdown(conversation))
    return target.getvalue()
