"""Attention over heads laid side by side in the channels."""

import torch
import torch.nn.functional as F


def split(x, heads):
    """[count, tokens, heads * width] to [count, heads, tokens, width]."""
    count, tokens, channels = x.shape
    return x.view(count, tokens, heads, channels // heads).transpose(1, 2)


def merge(x):
    count, heads, tokens, width = x.shape
    return x.transpose(1, 2).reshape(count, tokens, heads * width)


def probabilities(query, key, heads, causal=False):
    """softmax(q k / sqrt(width)) as [count, heads, queries, keys]."""
    query, key = split(query, heads), split(key, heads)
    logits = (query @ key.transpose(-1, -2)).float() * query.shape[-1] ** -0.5
    if causal:
        hidden = torch.ones(logits.shape[-2:], dtype=torch.bool, device=logits.device).triu(1)
        logits = logits.masked_fill(hidden, -torch.inf)
    return logits.softmax(dim=-1).to(query.dtype)


def attend(query, key, value, heads, causal=False):
    if hasattr(F, "scaled_dot_product_attention"):
        parts = [split(x, heads) for x in (query, key, value)]
        return merge(F.scaled_dot_product_attention(*parts, is_causal=causal))
    return merge(probabilities(query, key, heads, causal) @ split(value, heads))
