# bench: percentiles in order, throughput, memory, a profile; made-up data are named so; batches that cannot be are refused.
. "$(dirname "$0")/harness.sh"
make_net
expect 0 bench net.dsir --runs 20 --threads 1
for word in "made-up samples" "p50" "p99" "over 20 runs" "samples a second" "to warm up" "at its peak" "conv" "AVX"; do
  stdout_has "$word"
done
expect 0 bench net.dsir --seconds 0.2 --inputs x.npz --batch 2 --backend portable --json
python3 - <<'END' || die "the figures contradict each other"
import json
b = json.load(open("out"))
t = b["latency_seconds"]
assert 0 < t["min"] <= t["p50"] <= t["p90"] <= t["p99"] <= t["max"], t
assert b["batch"] == 2 and b["shapes"] == [[2, 3, 8, 8]] and b["backend"] == "portable" and b["inputs"] == "x.npz"
assert b["runs"] >= 1 and b["warm_up_runs"] >= 1 and b["profile_runs"] >= 1
mean = b["batch"] / b["samples_per_second"]
assert t["min"] <= mean <= t["max"], (t, mean)
assert b["process_peak_bytes"] > b["arena_bytes"] > 0
assert 0 < sum(row["seconds"] for row in b["profile"]) < 2 * t["max"] + 0.05
END
expect 3 bench net.dsir --inputs x.npz --batch 6 --runs 1
stderr_has "error[E402]"
sed 's/\[?,3,8,8\]/[2,3,8,8]/' net.dsir >fixed.dsir
expect 0 bench fixed.dsir --runs 1
expect 3 bench fixed.dsir --runs 1 --batch 3
stderr_has "error[E402]"
expect 2 bench net.dsir --runs 1 --seconds 1
expect 2 bench net.dsir --runs 0
expect 2 bench net.dsir --backend onedn
stderr_has "nearest is 'onednn'"
