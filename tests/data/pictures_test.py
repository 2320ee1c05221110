"""Pictures come out as Pillow makes them: at most one level apart on 99.9 % of the values.

Usage: pictures_test.py DSQUANT
"""
import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from harness import Samples, main

LEVELS = ["--scale", "1"]  # levels go through as they are


def scene(width=97, height=61, channels=3, seed=1):
    """Smooth areas, edges and noise."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    planes = [np.sin(x / (7 + c)) * 60 + np.cos(y / (5 + c)) * 50 + 128 + 40 * ((x // 9 + y // 11) % 2) for c in range(channels)]
    picture = np.stack(planes, -1) + rng.normal(0, 6, (height, width, channels))
    return np.clip(picture, 0, 255).astype(np.uint8)[..., 0 if channels == 1 else slice(None)]


def png16(levels, color):
    """A PNG of 16 bits a channel, which Pillow cannot write. color: 0 grey, 2 RGB, 6 RGBA."""
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in levels)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    head = struct.pack(">IIBBBBB", levels.shape[1], levels.shape[0], 16, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


class Pictures(Samples):
    def near(self, got, wanted, what, share=0.999):
        """`wanted`: a picture of Pillow's, or an array [H,W,C]."""
        wanted = np.atleast_3d(np.asarray(wanted)).astype(np.float64).transpose(2, 0, 1)
        self.assertEqual(got.shape[1:], wanted.shape, what)
        apart = np.abs(got[0] - wanted)
        self.assertGreaterEqual((apart <= 1).mean(), share, f"{what}: largest difference {apart.max()}")

    def decodes(self, path, wanted=None):
        wanted = Image.open(path).convert("RGB") if wanted is None else wanted
        self.near(self.seen(path, "--resize", "none", *LEVELS), wanted, path)

    def test_jpeg(self):
        picture = Image.fromarray(scene())
        for name, options in {"444": {"subsampling": 0}, "422": {"subsampling": 1}, "420": {"subsampling": 2},
                              "progressive": {"progressive": True}, "rough": {"quality": 20}}.items():
            picture.save(f"{name}.jpg", **{"quality": 90} | options)
            self.decodes(f"{name}.jpg")
        Image.fromarray(scene(channels=1)).save("grey.jpg")
        self.decodes("grey.jpg")

    def test_exif_orientation_is_applied(self):
        for orientation in range(1, 9):
            exif = Image.Exif()
            exif[0x0112] = orientation
            Image.fromarray(scene()).save("turned.jpg", exif=exif)
            self.decodes("turned.jpg", ImageOps.exif_transpose(Image.open("turned.jpg")))

    def test_png(self):
        picture = Image.fromarray(scene())
        alpha = Image.fromarray(scene(channels=1, seed=2))
        picture.save("rgb.png")
        picture.quantize(60).save("palette.png")
        picture.quantize(16).save("palette4.png", bits=4)
        palette = picture.quantize(30)
        palette.save("transparent.png", transparency=3)
        Image.fromarray(scene(channels=1)).save("grey.png")
        picture.convert("1").save("bits.png")
        picture.putalpha(alpha)
        picture.save("rgba.png")
        picture.convert("LA").save("la.png")
        for name in ("rgb", "palette", "palette4", "transparent", "grey", "bits", "rgba", "la"):
            self.decodes(f"{name}.png")

    def test_png_of_16_bits_gives_the_upper_8(self):
        for color, channels in ((0, 1), (2, 3), (6, 4)):
            levels = np.random.default_rng(3).integers(0, 65536, (20, 30 * channels))
            Path("deep.png").write_bytes(png16(levels, color).replace(struct.pack(">II", 30 * channels, 20), struct.pack(">II", 30, 20)))
            fixed = Path("deep.png").read_bytes()
            Path("deep.png").write_bytes(fixed[:29] + struct.pack(">I", zlib.crc32(fixed[12:29])) + fixed[33:])
            upper = (levels >> 8).reshape(20, 30, channels)[..., :3]
            self.decodes("deep.png", np.broadcast_to(upper, (20, 30, 3)))

    def test_bmp(self):
        picture = Image.fromarray(scene())
        picture.save("rgb.bmp")
        picture.quantize(200).save("palette.bmp")
        Image.fromarray(scene(channels=1)).save("grey.bmp")
        picture.convert("1").save("bits.bmp")
        picture.convert("RGBA").save("rgba.bmp")
        for name in ("rgb", "palette", "grey", "bits", "rgba"):
            self.decodes(f"{name}.bmp")

    def test_sizes(self):
        filters = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}
        for (width, height), (to_width, to_height) in [((97, 61), (224, 224)), ((640, 480), (64, 48)), ((97, 61), (31, 61)),
                                                       ((97, 61), (97, 20)), ((50, 50), (49, 51)), ((640, 480), (224, 224)), ((320, 320), (224, 224)), ((31, 23), (16, 16)),
                                                       ((5, 3), (1, 1)), ((1, 1), (7, 9))]:
            picture = Image.fromarray(scene(width, height))
            picture.save("x.png")
            for name, kernel in filters.items():
                got = self.seen("x.png", "--resize", name, "--size", f"{to_height},{to_width}", *LEVELS)
                self.near(got, picture.resize((to_width, to_height), kernel), f"{width} x {height} to {to_width} x {to_height}, {name}")

    def test_crop_is_that_of_torchvision(self):
        for width, height in ((320, 200), (200, 333), (64, 48), (150, 150)):
            picture = Image.fromarray(scene(width, height))
            picture.save("x.png")
            side, crop = 80, 64
            short = min(width, height)
            size = tuple(side if s == short else int(side * s / short) for s in (width, height))
            resized = picture.resize(size, Image.Resampling.BILINEAR)
            left, top = (int(round((s - crop) / 2.0)) for s in size)
            got = self.seen("x.png", "--fit", "crop", "--shorter-side", side, *LEVELS, shape=f"?,3,{crop},{crop}")
            self.near(got, resized.crop((left, top, left + crop, top + crop)), f"{width} x {height}")

    def test_letterbox(self):
        picture = Image.fromarray(scene(300, 100))
        picture.save("x.png")
        got = self.seen("x.png", "--fit", "letterbox", "--pad", "114", *LEVELS, shape="?,3,64,64")
        boxed = Image.new("RGB", (64, 64), (114, 114, 114))
        boxed.paste(picture.resize((64, 21), Image.Resampling.BILINEAR), (0, 21))
        self.near(got, boxed, "letterbox")

    def test_colours_and_axes(self):
        picture = scene(16, 12)
        Image.fromarray(picture).save("x.png")
        rgb = self.seen("x.png", *LEVELS, shape="?,3,12,16")
        self.near(rgb, picture, "rgb")
        self.near(self.seen("x.png", "--channels", "bgr", *LEVELS, shape="?,3,12,16"), picture[..., ::-1], "bgr")
        self.near(self.seen("x.png", *LEVELS, shape="?,1,12,16"), Image.fromarray(picture).convert("L"), "grey", 1)
        np.testing.assert_array_equal(self.seen("x.png", *LEVELS, shape="?,12,16,3"), rgb.transpose(0, 2, 3, 1))
        np.testing.assert_array_equal(self.seen("x.png", "--layout", "nhwc", "--size", "12,16", *LEVELS, shape="?,?,?,?"),
                                      rgb.transpose(0, 2, 3, 1))
        self.assertIn("E802", self.dsquant("run", self.echo("?,1,12,16"), "--inputs", "x.png", "--channels", "rgb", status=2))

    def test_numbers(self):
        picture = scene(224, 224)
        Image.fromarray(picture).save("x.png")
        levels = picture.transpose(2, 0, 1)[None].astype(np.float32)
        mean = np.array([0.485, 0.456, 0.406], np.float32).reshape(1, 3, 1, 1)
        deviation = np.array([0.229, 0.224, 0.225], np.float32).reshape(1, 3, 1, 1)
        for flags, wanted in [(["--preset", "unit"], levels / 255), (["--preset", "minus1to1"], levels / 127.5 - 1),
                              (["--preset", "imagenet", "--fit", "stretch"], (levels / 255 - mean) / deviation),
                              (["--preset", "imagenet", "--fit", "stretch", "--channels", "bgr"], ((levels / 255 - mean) / deviation)[:, ::-1]),
                              (["--scale", "1", "--mean", "127.5", "--std", "2,4,8"], (levels - 127.5) / np.array([2, 4, 8]).reshape(1, 3, 1, 1))]:
            self.dsquant("run", self.linear("?,3,224,224"), "--inputs", "x.png", "-o", "y.npz", *flags)
            np.testing.assert_allclose(np.load("y.npz")["y"], wanted, atol=2e-6, rtol=1e-6, err_msg=str(flags))

    def linear(self, shape):
        """echo() takes the sign away."""
        Path("same.dsir").write_text(f'graph "same" stage=float (%x: f32[{shape}]) -> (%y) {{\n'
                                     '  %one = const f32[] {1}\n  %y = mul(%x, %one) @"same"\n}\n')
        return "same.dsir"

    def test_a_guess_is_said_and_a_mean_in_levels_is_refused(self):
        Image.fromarray(scene(8, 8)).save("x.png")
        net = self.echo("?,3,8,8")
        self.assertIn("warning[E406]", self.warnings("run", net, "--inputs", "x.png"))
        self.assertEqual(self.warnings("run", net, "--inputs", "x.png", "--preset", "unit"), "")
        self.assertIn("add --scale 1", self.dsquant("run", net, "--inputs", "x.png", "--mean", "127.5", status=2))

    def test_hostile_and_damaged_pictures(self):
        whole = io.BytesIO()
        Image.fromarray(scene()).save(whole, "jpeg")
        jpeg = whole.getvalue()
        Image.fromarray(scene()).save("x.png")
        png = Path("x.png").read_bytes()
        Image.fromarray(scene()).save("x.bmp")
        bmp = Path("x.bmp").read_bytes()
        huge = bytearray(png)
        huge[16:24] = struct.pack(">II", 60000, 60000)
        huge[29:33] = struct.pack(">I", zlib.crc32(bytes(huge[12:29])))
        flat = bytearray(bmp)
        flat[18:26] = struct.pack("<ii", 1 << 20, 1 << 20)
        wide = bytearray(jpeg)
        frame = wide.index(b"\xff\xc0")
        wide[frame + 5:frame + 9] = struct.pack(">HH", 65000, 65000)
        bad = {"cut.jpg": jpeg[:len(jpeg) // 2], "head.jpg": jpeg[:3], "cut.png": png[:len(png) // 2], "huge.png": bytes(huge),
               "cut.bmp": bmp[:len(bmp) // 2], "huge.bmp": bytes(flat), "huge.jpg": bytes(wide), "empty.jpg": b"", "text.png": b"no picture"}
        net = self.echo("?,3,61,97")
        for name, data in bad.items():
            Path("folder").mkdir(exist_ok=True)
            Path("folder", name).write_bytes(data)
            said = self.dsquant("run", net, "--inputs", "folder", "--preset", "unit", status=3)
            self.assertIn(f"error[E401]: folder/{name}: ", said)
            Path("folder", name).unlink()
        Image.fromarray(scene(channels=4)).convert("CMYK").save("print.jpg")
        self.assertIn("CMYK", self.dsquant("run", net, "--inputs", "print.jpg", "--preset", "unit", status=3))


main()
