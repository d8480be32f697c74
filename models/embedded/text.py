"""The text encoder, in CLIP-L's layout: causal transformer, quick GELU, final layer norm."""

import torch
from torch import nn

from attention import attend
from tokenizer import LENGTH

VOCABULARY = 49408
WIDTH = 64
LAYERS = 4


class SelfAttention(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.heads = max(1, width // 64)
        self.q_proj, self.k_proj = nn.Linear(width, width), nn.Linear(width, width)
        self.v_proj, self.out_proj = nn.Linear(width, width), nn.Linear(width, width)

    def forward(self, x):
        return self.out_proj(
            attend(self.q_proj(x), self.k_proj(x), self.v_proj(x), self.heads, causal=True)
        )


class MLP(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1, self.fc2 = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        x = self.fc1(x)
        return self.fc2(x * torch.sigmoid(1.702 * x))


class Layer(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.layer_norm1, self.self_attn = nn.LayerNorm(width), SelfAttention(width)
        self.layer_norm2, self.mlp = nn.LayerNorm(width), MLP(width)

    def forward(self, x):
        x = x + self.self_attn(self.layer_norm1(x))
        return x + self.mlp(self.layer_norm2(x))


class Embeddings(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, width)
        self.position_embedding = nn.Embedding(LENGTH, width)
        nn.init.normal_(self.token_embedding.weight, std=0.02)
        nn.init.normal_(self.position_embedding.weight, std=0.01)

    def forward(self, tokens):
        return self.token_embedding(tokens) + self.position_embedding.weight[: tokens.shape[1]]


class Encoder(nn.Module):
    def __init__(self, width, layers):
        super().__init__()
        self.layers = nn.ModuleList(Layer(width) for _ in range(layers))


class TextEncoder(nn.Module):
    """Token ids [count, 77] to the context [count, 77, width]."""

    def __init__(self, width=WIDTH, layers=LAYERS):
        super().__init__()
        self.embeddings = Embeddings(width)
        self.encoder = Encoder(width, layers)
        self.final_layer_norm = nn.LayerNorm(width)

    def forward(self, tokens):
        x = self.embeddings(tokens)
        for layer in self.encoder.layers:
            x = layer(x)
        return self.final_layer_norm(x)
