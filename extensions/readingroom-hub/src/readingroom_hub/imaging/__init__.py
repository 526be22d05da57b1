"""The one door to pixels: DICOMweb for reading servers, in front of the place that studies come from.

It has no public address. Every request names its study, and nothing is answered before the caller is known
(``readingroom_hub.callers``) and ``records`` has allowed it and written the audit. It keeps no state of its own but a folder
of derived objects, so that several copies can run.
"""
