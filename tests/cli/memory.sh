# Memory that runs out is E703, not a crash.
. "$(dirname "$0")/harness.sh"
cat >big.dsir <<'END'
graph "big" stage=float (%x: f32[?,1]) -> (%y) {
  %s = const i64[2] {1, 600000000}
  %e = expand(%x, %s)
  %y = relu(%e)
}
END
make_npz x.npz x f32 1,1
cat >heavy.dsir <<'END'
graph "heavy" stage=float (%x: f32[?,8000]) -> (%y) {
  %v = const f32[8000,8000] rand(seed=1)
  %w = const f32[8000,8000] rand(seed=2)
  %z = const f32[8000,8000] rand(seed=3)
  %a = linear(%x, %v) @"fc1"
  %b = linear(%a, %w) @"fc2"
  %y = linear(%b, %z) @"fc3"
}
END
# --max-memory refuses beforehand, with the estimate.
make_net
expect 3 run net.dsir --inputs x.npz --max-memory 1k -o y.npz
stderr_has "error[E703]: net.dsir: a step of 5 samples needs about "
stderr_has "; --max-memory allows 1.00 kB"
stderr_has "help: use a smaller --batch"
expect 3 bench net.dsir --runs 1 --max-memory 1KiB
stderr_has "error[E703]: net.dsir: a step of 1 sample needs about "
for more in "" --dry-run "--data x.npz"; do
  expect 3 net.dsir --max-memory 1MB -o y.dsq $more
  stderr_has "error[E703]: net.dsir: quantizing needs about "
  no_file y.dsq
done
expect 0 run net.dsir --inputs x.npz --max-memory 1G
expect 0 net.dsir --max-memory 0.5G -o fits.dsq
for size in 0 -1 nan inf 1X 1e9 G 2GG "1 2"; do
  expect 2 run net.dsir --inputs x.npz --max-memory "$size"
  stderr_has "error[E801]: --max-memory: '$size' is no size"
done
echo 'max-memory = "1k"' >job.toml
expect 3 run net.dsir --inputs x.npz --config job.toml
stderr_has "error[E703]"
make_npz x.npz x f32 1,1

ulimit -v 1200000
expect 3 run big.dsir --inputs x.npz -o y.npz
stderr_has "error[E703]: big.dsir: "
stderr_has "help: "
expect 3 heavy.dsir -o out.dsq
stderr_has "error[E703]: heavy.dsir: "
no_file out.dsq
no_file y.npz
