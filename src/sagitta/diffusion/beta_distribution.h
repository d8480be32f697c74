// The beta distribution, by which one of the schedulers spaces its timesteps.
#pragma once

namespace sagitta {

// The p-quantile (p in 0..1) of the beta distribution with shapes a, b > 0, to about 1e-12.
[[nodiscard]] double beta_quantile(double p, double a, double b);

}  // namespace sagitta
