"""Tests of what `tenon inspect` tells of models and processes."""
import json
import pathlib
import subprocess

from command_case import CommandCase, command, main, tenon


class InspectTest(CommandCase):
    def test_inspect_shows_ports_operators_and_placement(self):
        code, output, errors = tenon("inspect", self.model)
        self.assertEqual(code, 0, errors)
        for part in ("image  float[batch,1,8,8]", "2  com.ms.internal.nhwc.Conv", "ai.onnx 17", "mapped in place"):
            self.assertIn(part, output)

    def test_inspect_json_can_be_read_by_programs(self):
        code, output, errors = tenon("inspect", self.model, "--json")
        self.assertEqual(code, 0, errors)
        model = json.loads(output)
        self.assertEqual(model["operators"]["com.ms.internal.nhwc.Conv"], 2)
        self.assertEqual(model["opsets"], {"ai.onnx": 17})
        self.assertEqual(model["inputs"][0]["shape"], ["batch", 1, 8, 8])
        self.assertEqual(len(model["report"]["initializers"]), 6)

    def test_memory_of_a_model_is_told_by_kind(self):
        code, output, errors = tenon("inspect", "--memory", self.model, "--prefetch", "--json")
        self.assertEqual(code, 0, errors)
        figures = json.loads(output)
        files = [e for e in figures["residency"] if e["kind"] == "source file"]
        self.assertEqual([e["name"] for e in files], [str(self.model)])
        self.assertEqual(files[0]["bytes"], self.model.stat().st_size)
        self.assertGreater(figures["process"]["private_bytes"], 0)
        code, output, errors = tenon("inspect", "--memory", self.model, "--prefetch")
        self.assertEqual(code, 0, errors)
        self.assertIn("held by the session once it is open", output)
        self.assertIn("note: prefetched", output)

    def test_memory_of_a_process_is_what_the_system_says(self):
        model = self.write("model.onnx", self.model.read_bytes())
        holding = command("bench", model, "--hold-ms", 60000, "--hold-after-run")
        with subprocess.Popen(holding, stdout=subprocess.PIPE, text=True) as process:
            self.addCleanup(process.kill)
            while "SESSION_READY" not in (line := process.stdout.readline()):
                self.assertNotEqual(line, "")
            code, output, errors = tenon("inspect", "--memory", process.pid, "--json")
            amounts = {"Private_Clean": 0, "Private_Dirty": 0, "Rss": 0}
            inside = False
            for line in pathlib.Path(f"/proc/{process.pid}/smaps").read_text().splitlines():
                name = line.split(":")[0]
                if name in amounts and inside:
                    amounts[name] += int(line.split()[1]) * 1024
                elif "kB" not in line and "-" in name:
                    inside = line.endswith(str(model))
            code_text, text, _ = tenon("inspect", "--memory", process.pid)
            process.kill()
        self.assertEqual((code, code_text), (0, 0), errors)
        (entry,) = [e for e in json.loads(output)["residency"] if e["name"] == str(model)]
        self.assertEqual(entry["private_bytes"], amounts["Private_Clean"] + amounts["Private_Dirty"])
        self.assertEqual(entry["resident_bytes"], amounts["Rss"])
        self.assertIn(str(model), text)

    def test_memory_of_no_process_is_an_error(self):
        self.assert_error(tenon("inspect", "--memory", 999999999), "/proc/999999999/smaps", "no such process")


if __name__ == "__main__":
    main()
