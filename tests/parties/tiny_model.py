"""Writes a language model of 100 KB, in llama.cpp's format, that says one sentence.

Its layer adds nothing; each word's embedding is what the next word's output looks for. Whatever
else it reads, the sentence begins.
"""

import sys

WORDS = "a tiny model says these words in this order".split()


def write(path):
    import gguf
    import numpy

    normal, unknown, control, byte = 1, 2, 3, 6
    space = "▁"
    tokens = ["<unk>", "<s>", "</s>", *(f"<0x{b:02X}>" for b in range(256)), space,
              *(space + word for word in WORDS)]
    types = [unknown, control, control, *[byte] * 256, *[normal] * (1 + len(WORDS))]
    first, last, end = len(tokens) - len(WORDS), len(tokens) - 1, 2
    size, width, hidden = len(tokens), 64, 64

    follows = {token: first for token in range(size)}
    follows |= {token: token + 1 for token in range(first, last)} | {last: end}
    # One direction for each token that can come next.
    direction = {token: place for place, token in enumerate([end, *range(first, size)])}
    embedding = numpy.zeros((size, width), numpy.float32)
    output = numpy.zeros((size, width), numpy.float32)
    for token, after in follows.items():
        embedding[token, direction[after]] = 1
    for token, place in direction.items():
        output[token, place] = 10

    w = gguf.GGUFWriter(path, "llama")
    w.add_name("tiny")
    w.add_context_length(8192)
    w.add_embedding_length(width)
    w.add_block_count(1)
    w.add_feed_forward_length(hidden)
    w.add_head_count(4)
    w.add_head_count_kv(4)
    w.add_layer_norm_rms_eps(1e-5)
    w.add_rope_dimension_count(width // 4)
    w.add_vocab_size(size)
    w.add_tokenizer_model("llama")
    w.add_token_list(tokens)
    w.add_token_scores([0.0] * size)
    w.add_token_types(types)
    w.add_bos_token_id(1)
    w.add_eos_token_id(end)
    w.add_unk_token_id(0)
    w.add_chat_template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}")
    ones, zeros = numpy.ones(width, numpy.float32), lambda *s: numpy.zeros(s, numpy.float32)
    for name, tensor in {
        "token_embd": embedding, "output_norm": ones, "output": output,
        "blk.0.attn_norm": ones, "blk.0.ffn_norm": ones,
        "blk.0.attn_q": zeros(width, width), "blk.0.attn_k": zeros(width, width),
        "blk.0.attn_v": zeros(width, width), "blk.0.attn_output": zeros(width, width),
        "blk.0.ffn_gate": zeros(hidden, width), "blk.0.ffn_up": zeros(hidden, width),
        "blk.0.ffn_down": zeros(width, hidden),
    }.items():
        w.add_tensor(name + ".weight", tensor)
    w.write_header_to_file()
    w.write_kv_data_to_file()
    w.write_tensors_to_file()
    w.close()


if __name__ == "__main__":
    write(sys.argv[1])
