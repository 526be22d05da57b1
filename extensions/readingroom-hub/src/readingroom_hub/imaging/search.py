"""QIDO-RS: searches for studies, series and instances, over what the caller may know of (PS3.18 10.6)."""

import json
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, TypeVar

from readingroom.dicom.model import Instance, Series, Study
from readingroom.errors import AccessRefusedError
from readingroom.reading.permissions import Action, could, role_of
from readingroom_hub.imaging.attributes import (
    INSTANCE_HEADER,
    INSTANCE_KEYS,
    SERIES_KEYS,
    STUDY_KEYS,
    as_json,
    header_attributes,
    instance_attributes,
    series_attributes,
    study_attributes,
)
from readingroom_hub.imaging.base import UID, GatewayHandler
from readingroom_hub.imaging.decisions import TOGETHER, StudyFacts
from readingroom_hub.imaging.media import DICOM_JSON, JSON, choose
from readingroom_hub.imaging.query import MORE, NOT_FUZZY, Attributes, Query, parse_query

T = TypeVar("T")


class _Search(GatewayHandler):
    def root(self) -> str:
        """Return the address below which everything can be retrieved."""
        return f"{self.request.protocol}://{self.request.host}/dicom-web"

    def query(self, keys: frozenset[str]) -> Query:
        """Return what is searched for; raises ``MalformedRequestError``."""
        return parse_query(self.request.query_arguments, keys)

    async def results(self, query: Query, found: list[dict[str, Any]], *, more: bool) -> None:
        """Answer with results, and with words about what they are not."""
        content_type = choose(self.request.headers.get("Accept", "*/*"), (DICOM_JSON, JSON))
        told = [words for words, holds in ((NOT_FUZZY, query.fuzzy), (MORE, more)) if holds]
        for words in told:
            self.add_header("Warning", f'299 {self.request.host}: "{words}"')
        if not found:
            self.set_status(200)
        await self.answer(json.dumps(found).encode(), content_type)


class StudySearchHandler(_Search):
    """Search for studies; guests have none."""

    action = None

    async def get(self) -> None:
        """Answer with those studies that match and that the caller may know of, newest first."""
        role = role_of(self.caller.groups)
        if role is None or not could(role, Action.SEARCH_STUDIES):
            raise AccessRefusedError(
                "You may not search for studies. The study that you were invited to is in your list."
            )
        query = self.query(STUDY_KEYS)
        await self.gateway.gate.searched(self.caller, self.request.query)
        root = self.root()
        matching: list[tuple[Study, Attributes]] = [
            (study, attributes)
            for study in (await self.gateway.catalogue.studies()).values()
            if query.is_matched_by(attributes := study_attributes(study, root))
        ]
        found, more = await self._known(query, matching)
        await self.results(query, [as_json(attributes) for attributes in found], more=more)

    async def _known(self, query: Query, matching: list[tuple[Study, Attributes]]) -> tuple[list[Attributes], bool]:
        """Return the page of results, asking about no more studies than it takes."""
        facts = {each.uid: each for each in await self.gateway.catalogue.all_facts()}
        wanted = query.offset + query.limit + 1
        known: list[Attributes] = []
        for start in range(0, len(matching), TOGETHER):
            some = matching[start : start + TOGETHER]
            asked = [facts.get(study.uid, StudyFacts(study.uid, "identifiable")) for study, _ in some]
            allowed = await self.gateway.gate.known(self.caller, asked)
            known += [attributes for study, attributes in some if study.uid in allowed]
            if len(known) >= wanted:
                break
        return known[query.offset : query.offset + query.limit], len(known) >= wanted


class SeriesSearchHandler(_Search):
    """Search for series of a study."""

    action: ClassVar = Action.KNOW_STUDY

    async def get(self, study_uid: str) -> None:
        """Answer with the series that match, by their number."""
        query, root = self.query(SERIES_KEYS), self.root()
        series = await self.gateway.catalogue.series(study_uid)
        found, more = _page(query, series, lambda each: series_attributes(each, root))
        await self.results(query, [as_json(attributes) for _, attributes in found], more=more)


class InstanceSearchHandler(_Search):
    """Search for instances of a study or one of its series; what only they themselves say needs the study to be open."""

    action: ClassVar = Action.OPEN_STUDY

    async def get(self, study_uid: str, series_uid: str = "") -> None:
        """Answer with the instances that match, by series and number."""
        query, root = self.query(INSTANCE_KEYS | {"SeriesInstanceUID", "Modality"}), self.root()
        held: dict[str, tuple[Series, Instance]] = {}
        for series in (await self.gateway.catalogue.series(study_uid)).values():
            if series_uid in ("", series.uid):
                instances = await self.gateway.catalogue.instances(study_uid, series.uid)
                held |= {uid: (series, instance) for uid, instance in instances.items()}
        if series_uid and not held:
            await self.gateway.catalogue.instances(study_uid, series_uid)
        found, more = _page(query, held, lambda each: _instance(*each, study_uid, root))
        keywords = (*INSTANCE_HEADER, *sorted(query.include))
        answers = [await self.work(self._answer, instance, attributes, keywords) for (_, instance), attributes in found]
        await self.results(query, answers, more=more)

    def _answer(self, instance: Instance, attributes: Attributes, keywords: tuple[str, ...]) -> dict[str, Any]:
        header = header_attributes(self.gateway.source.metadata(instance.sop_uid), keywords)
        return as_json({**header, **{name: held for name, held in attributes.items() if name != "Modality"}})


def _instance(series: Series, instance: Instance, study_uid: str, root: str) -> dict[str, tuple[Any, ...]]:
    return {"Modality": (series.modality,), **instance_attributes(instance, study_uid, series.uid, root)}


def _page(
    query: Query, held: Mapping[str, T], attributes_of: Callable[[T], Attributes]
) -> tuple[list[tuple[T, Attributes]], bool]:
    """Return the results of the page asked for, and whether there are more."""
    matching = [(each, attributes_of(each)) for each in held.values()]
    matching = [entry for entry in matching if query.is_matched_by(entry[1])]
    end = query.offset + query.limit
    return matching[query.offset : end], len(matching) > end


ROUTES = [
    (r"/dicom-web/studies", StudySearchHandler),
    (rf"/dicom-web/studies/{UID}/series", SeriesSearchHandler),
    (rf"/dicom-web/studies/{UID}/instances", InstanceSearchHandler),
    (rf"/dicom-web/studies/{UID}/series/{UID}/instances", InstanceSearchHandler),
]
