;; Types that nothing uses are left out, and those that are left move.
(module
  (type $unused (func (param f64 f64 f64)))
  (type $used (func (param i32) (result i32)))
  (type $also-unused (func (result f32)))
  (func (export "run") (type $used) local.get 0))
