# Writes the small NumPy files of npy_test.cc beside itself: python3 make_arrays.py
import os
import numpy as np

os.chdir(os.path.dirname(os.path.abspath(__file__)))
cube = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
np.save("c_order.npy", cube)
np.save("fortran.npy", np.asfortranarray(cube))
np.save("half.npy", np.array([0.5, -2, 65504, 6e-8], np.float16))
np.save("bool.npy", np.array([[True, False], [False, True]]))
np.save("scalar.npy", np.float64(0.1))
np.save("object.npy", np.array([{"a": 1}, None], dtype=object), allow_pickle=True)
np.save("big_endian.npy", np.array([1, 2], ">i4"))
np.savez_compressed("compressed.npz", x=np.arange(200, dtype=np.int64), **{"in/put": np.full((10, 7), 3, np.uint8)})
