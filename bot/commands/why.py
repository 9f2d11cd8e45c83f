"""`why [SCOPE] [pasted lines]`: the likeliest cause of pods or nodes without addresses, from live evidence."""

from bot.asking.command import Asked, Request
from bot.capacity.diagnose import diagnose
from bot.capacity.diagnosis.question import Question, read_question
from bot.commands.why_message import why_message
from bot.evidence import gather
from bot.inventory import Inventory
from bot.message import Message
from bot.scope import EVERYTHING, Scope, ScopeKind, found_scope, resolve
from bot.services import Services
from bot.views import coverage

_FILLERS = frozenset({"in", "on", "for", "of", "cluster", "subnet", "vpc"})
"""Words that may stand before the scope."""

_MOST_WORDS = 400
"""Words of a paste in which a scope's name is looked for."""


def answer(asked: Asked, request: Request, services: Services) -> Message:
    """The verdict on the scope, narrowed by what the pasted lines say."""
    inventory = services.facts().inventory()
    question = read_question(asked.target)
    scope = _scope(asked.words, question, inventory)
    gathered = gather(scope, question, inventory, services)
    found = diagnose(question, gathered.evidence)
    covered = coverage(gathered.inventory, gathered.blind_spots)
    return why_message(found, gathered, scope, asked.target, covered, services.now())


def _scope(words: tuple[str, ...], question: Question, inventory: Inventory) -> Scope:
    """The scope that the first words name, else one that is named anywhere in the text, else everything.

    Raises: UserError when a single word, or one written as `kind:value`, names nothing.
    """
    first = next((word for word in words if word.lower() not in _FILLERS), "")
    if not first:
        return EVERYTHING
    # A lone word can only be meant as a scope; an id in it that is not known as one is looked for as evidence.
    written = ":" in first.rstrip(":") and first.partition(":")[0].lower() in _KINDS
    alone = len(words) == 1 and not question.symptoms and not question.names_something
    if written or alone:
        return resolve(first, inventory, verb="why")
    names = inventory.small_names
    if first.lower().strip(_AROUND) in names:
        # Scope words come first: of several things with that name one must be said, not guessed.
        return resolve(first.strip(_AROUND), inventory, verb="why")
    for word in (first, *words[1:_MOST_WORDS]):
        bare = word.strip(_AROUND)
        # Where it is no scope, or a name in the text that means several things, the other clues have to tell.
        if (word is first or bare.lower() in names) and (found := found_scope(bare, inventory)) is not None:
            return found
    return EVERYTHING


_AROUND = "\"'?.,;:!()[]{}"
_KINDS = frozenset(kind.value for kind in ScopeKind)
