"""Makes BERT checkpoints with transformers and writes down what its BertModel computes, for tests to compare with.

python bert_outputs.py FOLDER: FOLDER/cases.json is a list of {"name", "class", "half", "config", "lengths"}. Each case
gets a folder of its name with config.json, model.safetensors and, as ids_N and hidden_N for each length, outputs.npz.
Executed by path in the environment of constraints-optimum.txt.
"""

import json
import sys
from pathlib import Path

import numpy as np
import torch  # type: ignore[import-not-found] # of the script's own environment
import transformers  # type: ignore[import-not-found] # likewise


def main(folder: Path) -> None:
    """Make every case."""
    for number, case in enumerate(json.loads((folder / "cases.json").read_text("utf-8"))):
        torch.manual_seed(number)
        model = getattr(transformers, case["class"])(transformers.BertConfig(**case["config"])).eval()
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                if parameter.ndim == 1:  # transformers starts biases at 0 and norms at 1, where mistakes do not show
                    parameter.copy_(("LayerNorm.weight" in name) + 0.1 * torch.randn_like(parameter))
        if case["half"]:
            model = model.half()
        model.save_pretrained(folder / case["name"])
        encoder = model.float() if isinstance(model, transformers.BertModel) else model.float().bert
        arrays: dict[str, np.ndarray] = {}
        for at, length in enumerate(case["lengths"]):
            ids = torch.randint(0, case["config"]["vocab_size"], (1, length))
            with torch.no_grad():
                hidden = encoder(input_ids=ids, attention_mask=torch.ones_like(ids)).last_hidden_state
            arrays |= {f"ids_{at}": ids[0].numpy(), f"hidden_{at}": hidden[0].numpy()}
        np.savez(folder / case["name"] / "outputs.npz", **arrays)  # type: ignore[arg-type] # names of ours, no option of numpy's


if __name__ == "__main__":
    main(Path(sys.argv[1]))
