;; Types that are the same become one.
(module
  (type $a (func (param i32)))
  (type $b (func (param i32)))
  (func (export "a") (type $a))
  (func (export "b") (type $b)))
