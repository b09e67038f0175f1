// Shared by l2_normalize and its gradient: one workgroup per row, which sums products along it.
const WORKGROUP: u32 = 64; // @tunable a power of two

struct Params { rows: u32, size: u32, eps: f32 }

var<workgroup> partial: array<f32, WORKGROUP>;

//#include lib/index.wgsl
//#include lib/pairwise_sum.wgsl
