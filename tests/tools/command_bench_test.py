"""Tests of what `tenon bench` measures and prints."""
import json

from command_case import CommandCase, main, tenon


class BenchTest(CommandCase):
    def test_bench_json_has_the_promised_keys(self):
        code, output, errors = tenon("bench", self.model, "--runs", 5, "--threads", 1, "--fill", "ones", "--json")
        self.assertEqual(code, 0, errors)
        figures = json.loads(output)
        self.assertLessEqual({"open_ms", "first_run_ms", "latency_ms", "memory", "providers", "threads"}, set(figures))
        self.assertEqual(set(figures["latency_ms"]), {"p50", "p90", "p99", "min"})
        self.assertEqual(set(figures["memory"]), {"mapped_bytes", "private_bytes", "peak_private_bytes"})
        self.assertGreaterEqual(figures["memory"]["mapped_bytes"], self.model.stat().st_size)
        self.assertEqual(figures["threads"], 1)
        self.assertGreater(figures["latency_ms"]["min"], 0)

    def test_bench_holds_what_it_opened_and_says_when(self):
        code, output, errors = tenon("bench", self.model, "--hold-ms", 0)
        self.assertEqual(code, 0, errors)
        self.assertEqual(output.splitlines()[-1], "SESSION_READY")
        code, output, errors = tenon("bench", self.model, "--hold-ms=0", "--hold-after-run", "--json")
        self.assertEqual(code, 0, errors)
        figures, ready = output.splitlines()
        self.assertEqual(ready, "SESSION_READY")
        self.assertGreater(json.loads(figures)["first_run_ms"], 0)

    def test_bench_measures_processes_that_are_alive_together(self):
        code, output, errors = tenon("bench", self.model, "--processes=2", "--hold-after-run", "--json")
        self.assertEqual(code, 0, errors)
        figures = json.loads(output)
        self.assertEqual(figures["measured_after"], "run")
        self.assertEqual(len(figures["processes"]), 2)
        beyond = sum(p["private_bytes"] for p in figures["processes"]) - sum(
            h["private_bytes"] for h in figures["empty_hosts"]
        )
        self.assertEqual(figures["private_bytes_beyond_hosts"], beyond)
        for process in figures["processes"]:
            self.assertGreater(process["open_ms"], 0)
            self.assertGreaterEqual(process["proportional_bytes"], process["private_bytes"])
        code, output, errors = tenon("bench", self.model, "--processes", 2)
        self.assertEqual(code, 0, errors)
        self.assertIn("2 processes, all alive, each after opening", output)

    def test_bench_says_which_process_failed(self):
        result = tenon("bench", self.folder / "none.onnx", "--processes", 2)
        self.assert_error((result[0], result[1], result[2][result[2].rfind("error: ") :]), "ended early")
        self.assertIn("none.onnx", result[2])


if __name__ == "__main__":
    main()
