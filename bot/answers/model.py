"""What every JSON answer is built from."""

from pydantic import BaseModel, ConfigDict


class AnswerModel(BaseModel):
    """A frozen JSON model that knows its fields; built when first used, so that a cold start stays short."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


def fields(model: BaseModel) -> dict[str, object]:
    """An answer as plain JSON values."""
    return model.model_dump(mode="json")
