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

    # Multiply-adds of the digits model's products for one image, two operations each: outputs times inputs and taps.
    OPERATIONS = {"conv1": 2 * (16 * 8 * 8) * (1 * 3 * 3), "conv2": 2 * (32 * 4 * 4) * (16 * 3 * 3), "fc": 2 * 10 * 128}

    def profile(self, *arguments):
        code, output, errors = tenon("bench", self.model, "--runs", 5, "--fill", "ones", "--profile", *arguments)
        self.assertEqual(code, 0, errors)
        return output

    def test_a_profile_has_the_operations_of_products_on_either_provider(self):
        for provider in ("cpu_ref", "cpu_blas,cpu_ref"):
            nodes = json.loads(self.profile("--json", "--providers", provider))["profile"]["nodes"]
            found = {n["operator"].split("+")[0] + str(n["flops"]) for n in nodes if n["flops"]}
            for name, operations in self.OPERATIONS.items():
                self.assertIn(("Gemm" if name == "fc" else "Conv") + str(operations), found, provider)

    def test_a_profile_has_time_work_and_rates_of_each_node_and_of_all(self):
        profile = json.loads(self.profile("--json", "--providers", "cpu_ref"))["profile"]
        self.assertEqual(profile["runs"], 5)
        nodes, total = profile["nodes"], profile["total"]
        self.assertEqual(sum(node["calls"] for node in nodes), 9)
        self.assertEqual([n["time_ms"] for n in nodes], sorted((n["time_ms"] for n in nodes), reverse=True))
        self.assertAlmostEqual(sum(node["share"] for node in nodes), 1)
        self.assertLessEqual(total["time_ms"], 2 * profile["run_ms"])
        self.assertEqual(total["flops"], sum(node["flops"] or 0 for node in nodes))
        gemm = next(node for node in nodes if node["operator"] == "Gemm")
        self.assertEqual(gemm["provider"], "cpu_ref")
        self.assertEqual(gemm["bytes"], 4 * (128 + 128 * 10 + 10 + 10))
        self.assertAlmostEqual(gemm["gflops_per_s"], gemm["flops"] / gemm["time_ms"] / 1e6)
        self.assertAlmostEqual(gemm["gbytes_per_s"], gemm["bytes"] / gemm["time_ms"] / 1e6)
        self.assertAlmostEqual(gemm["flops_per_byte"], gemm["flops"] / gemm["bytes"])
        softmax = next(node for node in nodes if node["operator"] == "Softmax")
        self.assertIsNone(softmax["flops"])  # nobody counted

    def test_a_profile_is_a_table_of_the_longest_nodes_and_the_rest(self):
        lines = self.profile("--providers", "cpu_ref", "--profile-rows", 4).splitlines()
        begin = next(i for i, line in enumerate(lines) if line.startswith("profile"))
        self.assertIn("5 more runs", lines[begin])
        columns = ["node", "operator", "provider", "time", "share", "GFLOP/s", "GB/s", "FLOP/byte"]
        self.assertEqual(lines[begin + 1].split(), columns)
        rows = lines[begin + 2 :]
        self.assertEqual(len(rows), 6)
        self.assertIn("the rest (5)", rows[4])
        self.assertIn("total (9)", rows[5])
        self.assertIn("100.0 %", rows[5])

    def test_a_profile_is_of_timed_runs_alone(self):
        self.assert_error(tenon("bench", self.model, "--profile", "--processes", 2), "--processes")
        self.assert_error(tenon("bench", self.model, "--profile-rows", 2), "--profile")

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
