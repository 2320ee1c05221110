# Arrays that do not fit: the message says which and what was expected.
. "$(dirname "$0")/harness.sh"
make_net
make_npz z.npz z f32 5,3,8,8
expect 3 run net.dsir --inputs z.npz -o y.npz
stderr_has "error[E402]: z.npz: no array is named 'x'"
stderr_has "f32[?,3,8,8]"
make_npz s.npz x f32 5,3,8,9
expect 3 run net.dsir --inputs s.npz -o y.npz
stderr_has "error[E402]: s.npz: array 'x'"
stderr_has "[5,3,8,9]"
stderr_has "f32[?,3,8,8]"
make_npz t.npz x i32 5,3,8,8
expect 3 run net.dsir --inputs t.npz -o y.npz
stderr_has "error[E402]: t.npz: array 'x'"
stderr_has "i32"
make_npz n.npz x f32 5,3,8,8 nan
expect 3 run net.dsir --inputs n.npz -o y.npz
stderr_has "error[E403]: n.npz: array 'x'"
stderr_has "sample 4"
expect 3 run net.dsir --inputs nowhere.npz -o y.npz
stderr_has "error[E101]"
head -c 100 x.npz >cut.npz
expect 3 run net.dsir --inputs cut.npz -o y.npz
stderr_has "error[E401]"
printf 'PK\5\6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >none.npz  # what numpy.savez() writes
expect 3 run net.dsir --inputs none.npz -o y.npz
stderr_has "error[E402]: none.npz: no array is named 'x'"
no_file y.npz
make_npz one.npz x f32 1,3,8,8
"$MAKE_FILE" npz label.npz y i64 2 1
expect 3 net.dsir --data x.npz --labels label.npz
stderr_has "error[E404]: label.npz: 2 labels for 5 samples"
