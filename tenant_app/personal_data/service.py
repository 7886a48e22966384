"""Personal data as the routes and pages see it."""

from tenant_app.accounts.users import Users
from tenant_app.assistant.conversations import Conversations
from tenant_app.database import Database
from tenant_app.personal_data.collecting import Collecting
from tenant_app.personal_data.erasing import Erasing


class PersonalData:
    """What is held about a person, for that person alone."""

    def __init__(self, database: Database, users: Users, conversations: Conversations) -> None:
        self.collecting = Collecting(database, conversations)
        self.erasing = Erasing(database, users)
