# ---
# jupyter:
#   jupytext:
#     formats: py:percent
#   kernelspec:
#     display_name: Python 3 (ipykernel)
#     language: python
#     name: python3
# ---

# %% [markdown]
# # First reading
# The same viewer as on the reading page, inside a notebook. Only teaching studies can be opened here; the pictures
# come from this server's viewer process, so a busy cell does not stall them.

# %%
import ipywidgets as widgets

import readingroom_viewer

studies = readingroom_viewer.studies()
for study in studies:
    print(f"{study.date}  {'/'.join(study.modalities):6}  {study.patient_name:24}  {study.description}")

# %% [markdown]
# Show one study. Scroll with the wheel, drag to change the window; the badge says `LOSSLESS verified` when the
# pixels on the screen are the server's own.

# %%
phantom = next(study for study in studies if "CT" in study.modalities)
viewer = readingroom_viewer.show(phantom)
viewer

# %% [markdown]
# A slider linked to the window width: narrow it and watch the inserts of the phantom part from the water.

# %%
width = widgets.FloatSlider(value=400, min=1, max=2000, step=1, description="Window width")
viewer.window_center, viewer.window_width = 40, 400
widgets.link((width, "value"), (viewer, "window_width"))
width
