# /// script
# requires-python = ">=3.11,<3.14"
# dependencies = [
#   "numpy==2.4.6",
#   "object-detection-metrics==0.4.post1",
#   "pillow==13.0.0",
#   "pycocotools==2.0.11",
#   "scikit-image==0.26.0",
#   "shapely==2.1.2",  # object-detection-metrics imports it and does not say so
# ]
# ///
"""Make the golden files: outputs and truth, and what the reference programs say of them.

    uv run tests/data/golden/make.py

COCO's figures are pycocotools' (the mean overlap of hits is taken from its own matches), VOC's are
those of object-detection-metrics (without what is to be ignored, which it does not know), PSNR and
SSIM scikit-image's; what becomes of a picture on its way into a network is Pillow's, called as each
pipeline's own code calls it. Numbers are written with all their digits. Boxes lie on sixty-fourths
of the picture unless a case says otherwise, so that an overlap of exactly 0.5 is one in every
program.
"""

import contextlib
import io
import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
from PIL import Image
from podm.metrics import BoundingBox, MethodAveragePrecision, MetricPerClass, get_pascal_voc_metrics
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from skimage.color import rgb2ycbcr
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

HERE = Path(__file__).parent
GRID = 64


def case(name, pictures_count, truth, found):
    """A set of pictures: truth is [picture, class, y0, x0, y1, x1]; found has a score too.

    Truth may have a seventh number: 1 where the box is to be ignored, as a crowd or as difficult.
    """
    return {"name": name, "pictures_count": pictures_count, "truth": truth, "found": found}


def on_grid(rows, first):
    return [
        [*row[:first], *(v / GRID for v in row[first : first + 4]), *row[first + 4 :]]
        for row in rows
    ]


def hand_made():
    yield "perfect", 2, [[0, 0, 0, 0, 32, 32], [1, 1, 8, 8, 40, 56]], [
        [0, 0, 0.9, 0, 0, 32, 32], [1, 1, 0.8, 8, 8, 40, 56],
    ]  # fmt: skip
    yield "nothing found", 2, [[0, 0, 0, 0, 32, 32]], []
    yield "nothing true", 2, [], [[0, 0, 0.9, 0, 0, 32, 32]]
    yield "empty pictures in between", 5, [[1, 0, 0, 0, 32, 32], [3, 0, 0, 0, 16, 16]], [
        [1, 0, 0.7, 0, 0, 32, 32], [4, 0, 0.8, 0, 0, 32, 32], [3, 0, 0.6, 0, 0, 16, 20],
    ]  # fmt: skip
    yield "a class that is found but never true", 1, [[0, 0, 0, 0, 32, 32]], [
        [0, 0, 0.5, 0, 0, 32, 32], [0, 3, 0.9, 0, 0, 32, 32],
    ]  # fmt: skip
    yield "a class that is true but never found", 1, [[0, 0, 0, 0, 32, 32], [0, 2, 0, 0, 9, 9]], [
        [0, 0, 0.5, 0, 0, 32, 32],
    ]  # fmt: skip
    yield "the right box with the wrong class", 1, [[0, 0, 0, 0, 32, 32]], [
        [0, 1, 0.5, 0, 0, 32, 32],
    ]  # fmt: skip
    yield "one box found three times", 1, [[0, 0, 0, 0, 32, 32], [0, 0, 40, 40, 60, 60]], [
        [0, 0, 0.9, 0, 0, 32, 32], [0, 0, 0.8, 0, 0, 32, 31], [0, 0, 0.7, 0, 0, 32, 32],
        [0, 0, 0.6, 40, 40, 60, 60],
    ]  # fmt: skip
    yield "overlaps of exactly 0.5 and 0.75", 2, [[0, 0, 0, 0, 32, 32], [1, 0, 0, 0, 32, 32]], [
        [0, 0, 0.9, 0, 0, 32, 16], [1, 0, 0.8, 0, 0, 32, 24],
    ]  # fmt: skip
    yield "equal scores, wrong first", 3, [[0, 0, 0, 0, 32, 32], [2, 0, 0, 0, 32, 32]], [
        [0, 0, 0.5, 32, 32, 64, 64], [0, 0, 0.5, 0, 0, 32, 32], [1, 0, 0.5, 0, 0, 32, 32],
        [2, 0, 0.5, 0, 0, 32, 32],
    ]  # fmt: skip
    # COCO lets the second box have the true one that is left, VOC does not.
    yield "the best true box is taken", 1, [[0, 0, 0, 0, 32, 32], [0, 0, 0, 4, 32, 36]], [
        [0, 0, 0.9, 0, 1, 32, 33], [0, 0, 0.8, 0, 0, 32, 32],
    ]  # fmt: skip
    # Halfway between two true ones; which is taken decides over the second box at high overlaps.
    yield "two true boxes fit equally", 1, [[0, 0, 0, 0, 32, 32], [0, 0, 0, 8, 32, 40]], [
        [0, 0, 0.9, 0, 4, 32, 36], [0, 0, 0.8, 0, 8, 32, 40],
    ]  # fmt: skip
    many = [[0, 0, 1 - k / 200, k % 32, k // 32, k % 32 + 8, k // 32 + 8] for k in range(110)]
    yield "more than 100 boxes, a hit beyond", 1, [[0, 0, 40, 40, 64, 64], [0, 0, 0, 0, 8, 8]], [
        *many, [0, 0, 0.01, 40, 40, 64, 64],
    ]  # fmt: skip


def ignoring():
    """Sets with boxes that are to be ignored."""
    yield "a crowd that swallows", 1, [[0, 0, 0, 0, 64, 64, 1], [0, 0, 0, 0, 16, 16, 0]], [
        [0, 0, 0.9, 30, 30, 50, 50], [0, 0, 0.8, 30, 30, 50, 51], [0, 0, 0.7, 0, 0, 16, 16],
    ]  # fmt: skip
    yield "a crowd alone", 2, [[0, 0, 0, 0, 64, 64, 1], [1, 1, 0, 0, 16, 16, 0]], [
        [0, 0, 0.9, 30, 30, 50, 50], [1, 1, 0.8, 0, 0, 16, 16], [1, 0, 0.7, 0, 0, 16, 16],
    ]  # fmt: skip
    # COCO gives the second box to the true one that is left, VOC holds it against the difficult one
    yield "a difficult one fits better", 1, [[0, 0, 0, 0, 32, 32, 1], [0, 0, 0, 8, 32, 40, 0]], [
        [0, 0, 0.9, 0, 1, 32, 33], [0, 0, 0.8, 0, 2, 32, 34], [0, 0, 0.7, 0, 30, 32, 62],
    ]  # fmt: skip
    yield "half of a box in a crowd", 1, [[0, 0, 0, 0, 32, 32, 1], [0, 0, 40, 40, 60, 60, 0]], [
        [0, 0, 0.9, 0, 16, 32, 48], [0, 0, 0.8, 0, 17, 32, 49], [0, 0, 0.7, 40, 40, 60, 60],
    ]  # fmt: skip


def with_ignored(seed, truth):
    """Mark a fifth of true boxes, and lay large ones over some pictures that are marked too."""
    random = np.random.RandomState(seed)
    marked = [[*row, int(random.rand() < 0.2)] for row in truth]
    for picture in sorted({row[0] for row in truth}):
        if random.rand() < 0.3:
            y, x = random.randint(0, 20, 2).tolist()
            marked.append([picture, int(random.randint(3)), y, x, y + 40, x + 44, 1])
    return marked


def drawn(seed, pictures_count, labels_count, is_on_grid, score_steps):
    """Draw true boxes and claims about them: moved a little, doubled, missed, invented."""
    random = np.random.RandomState(seed)

    def box():
        size, at = random.randint(6, 40, 2), random.rand(2)
        corner = (at * (GRID - size)).astype(int)
        return np.array([*corner, *(corner + size)], float)

    def moved(base):
        shift = random.randint(-4, 5, 4) if is_on_grid else random.randn(4) * 2
        low, high = np.clip((base + shift)[:2], 0, 60), np.clip((base + shift)[2:], 0, GRID)
        return np.array([*low, *np.maximum(high, low + 2)])

    truth, found = [], []
    for picture in range(pictures_count):
        for _ in range(random.poisson(2.2)):
            label, base = int(random.randint(labels_count)), box()
            truth.append([picture, label, *base])
            times = range(random.choice([0, 1, 1, 1, 1, 2, 3]))
            found += [[picture, label, random.beta(4, 2), *moved(base)] for _ in times]
        wrong = random.randint(0, labels_count, random.poisson(1.0)).tolist()
        found += [[picture, label, random.beta(2, 4), *box()] for label in wrong]
    for row in found:
        row[2] = float(np.round(row[2] * score_steps) / score_steps) if score_steps else row[2]
    return truth, found


def coco_of(each):
    """pycocotools' AP, and the mean overlap of its hits at 0.5; None where it has none."""
    labels = sorted({row[1] for row in each["truth"] + each["found"]})
    images = [{"id": k} for k in range(each["pictures_count"])]

    def annotation(row, first):
        y0, x0, y1, x1, *is_ignored = row[first:]
        return {
            "image_id": row[0], "category_id": row[1], "bbox": [x0, y0, x1 - x0, y1 - y0],
            "area": (x1 - x0) * (y1 - y0), "iscrowd": is_ignored[0] if is_ignored else 0,
        }  # fmt: skip

    def made(rows, first):
        entries = [annotation(row, first) | {"id": k} for k, row in enumerate(rows, 1)]
        for entry, row in zip(entries, rows, strict=True):
            entry |= {"score": row[2]} if first == 3 else {}
        coco = COCO()
        coco.dataset = {
            "images": images, "annotations": entries, "categories": [{"id": k} for k in labels],
        }  # fmt: skip
        coco.createIndex()
        return coco

    with contextlib.redirect_stdout(io.StringIO()):
        evaluation = COCOeval(made(each["truth"], 2), made(each["found"], 3), "bbox")
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    shared = []
    for entry in (e for e in evaluation.evalImgs if e is not None):
        if entry["aRng"] != evaluation.params.areaRng[0]:
            continue
        where = entry["image_id"], entry["category_id"]
        overlap, true_ids = evaluation.ious[where], [g["id"] for g in evaluation._gts[where]]
        for d, true_id in enumerate(entry["dtMatches"][0]):
            if true_id and not entry["dtIgnore"][0][d]:
                shared.append(float(overlap[d][true_ids.index(int(true_id))]))
    is_any_true = any(not any(row[6:]) for row in each["truth"])
    return {
        "map_coco": float(evaluation.stats[0]) if is_any_true else None,
        "map_coco_50": float(evaluation.stats[1]) if is_any_true else None,
        "map_coco_75": float(evaluation.stats[2]) if is_any_true else None,
        "miou": sum(shared) / len(shared) if shared else None,
    }


def undisputed(each):
    """Leave out what is to be ignored, and found boxes that fit such a one best.

    object-detection-metrics knows no difficult boxes. By the rules of VOC's kit a found box is held
    against the true one that it overlaps most; where that is difficult the box counts for nothing.
    So without both, what is left is judged as before.
    """

    def overlap(one, other):
        sides = [min(one[k + 2], other[k + 2]) - max(one[k], other[k]) for k in (0, 1)]
        shared = max(sides[0], 0.0) * max(sides[1], 0.0)
        areas = [(b[2] - b[0]) * (b[3] - b[1]) for b in (one, other)]
        return shared / (sum(areas) - shared)

    def is_counted(row):
        near = [(overlap(row[3:], t[2:6]), t) for t in each["truth"] if t[:2] == row[:2]]
        most = max((value for value, _ in near), default=0.0)
        fitting = [any(t[6:]) for value, t in near if value == most]
        assert len(set(fitting)) < 2 or most < 0.5, f"{each['name']}: two fit equally"
        return most < 0.5 or not fitting[0]

    truth = [row[:6] for row in each["truth"] if not any(row[6:])]
    return truth, [row for row in each["found"] if is_counted(row)]


def voc_of(each):
    def boxes(rows, first):
        return [
            BoundingBox.of_bbox(row[0], row[1], *(row[first + k] for k in (1, 0, 3, 2)),
                                row[2] if first == 3 else None)
            for row in rows
        ]  # fmt: skip

    truth, found = undisputed(each)
    told = {}
    for name, method in (
        ("map_voc", MethodAveragePrecision.AllPointsInterpolation),
        ("map_voc07", MethodAveragePrecision.ElevenPointsInterpolation),
    ):
        of_class = get_pascal_voc_metrics(boxes(truth, 2), boxes(found, 3), 0.5, method)
        told[name] = float(MetricPerClass.mAP(of_class)) if truth else None
    return told


def detection():
    cases = [case(n, c, on_grid(t, 2), on_grid(f, 3)) for n, c, t, f in hand_made()]
    for name, *how in (
        ("drawn, many equal scores", 21, 40, 4, True, 20),
        ("drawn, all scores differ", 12, 40, 4, True, 0),
        ("drawn off the grid", 13, 60, 7, False, 0),
    ):
        truth, found = drawn(*how)
        counts = np.bincount([row[1] for row in truth])
        # There object-detection-metrics asks whether 3 / 10 reaches 0.30000000000000004.
        assert (counts % 10).all(), f"{name}: a class has {counts} true boxes; take another seed"
        cases.append(case(name, how[1], on_grid(truth, 2), on_grid(found, 3)))
    cases += [case(n, c, on_grid(t, 2), on_grid(f, 3)) for n, c, t, f in ignoring()]
    for name, *how in (
        ("drawn, some to be ignored", 31, 40, 3, True, 20),
        ("drawn off the grid, some to be ignored", 33, 60, 3, False, 0),
    ):
        truth, found = drawn(*how)
        truth = with_ignored(how[0], truth)
        cases.append(case(name, how[1], on_grid(truth, 2), on_grid(found, 3)))
    for each in cases:
        each["expected"] = coco_of(each) | voc_of(each)
    return cases


def pictures():
    """Pairs of 8-bit pictures: (height, width) or (height, width, 3) red, green, blue."""
    random = np.random.RandomState(5)
    y, x = np.mgrid[0:23, 0:31]
    smooth = np.rint(127 + 60 * np.sin(x / 4) + 60 * np.cos(y / 5))
    noise = random.randint(0, 256, (23, 31))
    yield "a bit of noise", smooth, np.clip(smooth + random.randint(-9, 10, smooth.shape), 0, 255)
    yield "shifted by a pixel", smooth, np.roll(smooth, 1, axis=1)
    yield "unrelated", smooth, noise
    yield "inverted", noise, 255 - noise
    yield "one grey level apart", smooth, smooth + 1
    yield "one pixel differs", noise, np.where((x == 15) & (y == 11), 255 - noise, noise)
    yield "flat against flat", np.full((12, 12), 80), np.full((12, 12), 95)
    yield "black against white", np.zeros((11, 11)), np.full((11, 11), 255)
    yield "equal", noise, noise
    colour = random.randint(0, 256, (12, 14, 3))
    yield "in colour", colour, np.clip(colour + random.randint(-20, 21, colour.shape), 0, 255)


def super_resolution():
    cases = []
    for name, true, made in pictures():
        true, made = true.astype(np.uint8), made.astype(np.uint8)
        grey = [rgb2ycbcr(p)[..., 0] if p.ndim == 3 else p.astype(np.float64) for p in (true, made)]
        with np.errstate(divide="ignore"):
            psnr, inner = (
                float(peak_signal_noise_ratio(*pair, data_range=255))
                for pair in (grey, [p[2:-2, 2:-2] for p in grey])
            )
        ssim = structural_similarity(
            *grey, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255
        )
        expected = {"psnr_db": psnr, "psnr_db_border_2": inner, "ssim": float(ssim)}
        expected = {k: v if np.isfinite(v) else None for k, v in expected.items()}
        cases.append(
            {"name": name, "true": true.tolist(), "made": made.tolist(), "expected": expected}
        )
    return cases


def prepared():
    """A picture on its way into networks; the picture itself is written beside the rest."""
    random = np.random.RandomState(9)
    y, x = np.mgrid[0:61, 0:83]
    waves = [127 + 90 * np.sin(x / a + k) * np.cos(y / b) for k, a, b in
             ((0, 7, 9), (1, 11, 5), (2, 4, 15))]  # fmt: skip
    noisy = np.stack(waves, axis=-1) + random.randint(-30, 31, (61, 83, 3))
    picture = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8))
    picture.save(HERE / "picture.png", optimize=True)
    bilinear, bicubic = Image.Resampling.BILINEAR, Image.Resampling.BICUBIC
    # torchvision: Resize(32), CenterCrop(28). 83 × 32 / 61 is 43.5: 43 stay.
    shorter = picture.resize((43, 32), bilinear).crop((8, 2, 36, 30))
    # TensorFlow: central_crop(0.875). int((61 − 53.375) / 2) = 3, int((83 − 72.625) / 2) = 5.
    central = picture.crop((5, 3, 78, 58))
    made = {
        "stretch bilinear": picture.resize((20, 24), bilinear),
        "stretch bicubic": picture.resize((20, 24), bicubic),
        "shorter_side bilinear": shorter,
        "central_crop bilinear": central.resize((24, 24), bilinear),
        "grey": picture.convert("L").resize((20, 24), bilinear),
    }
    return [{"name": name, "pixels": np.asarray(p).tolist()} for name, p in made.items()]


def main():
    """Write both files beside this one."""
    for name, cases, programs in (
        ("detection", detection(), ("pycocotools", "object-detection-metrics")),
        ("super_resolution", super_resolution(), ("scikit-image",)),
        ("prepared", prepared(), ("pillow",)),
    ):
        made_by = {p: version(p) for p in ("numpy", *programs)}
        lines = ",\n".join(json.dumps(each) for each in cases)
        head = json.dumps({"origin": "tests/data/golden/make.py", "made_by": made_by})
        (HERE / f"{name}.json").write_text(f'{head[:-1]}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
