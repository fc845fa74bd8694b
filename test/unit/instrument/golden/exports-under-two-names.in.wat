;; @exports second
;; A function that is exported twice keeps the name that is asked for.
(module
  (func (export "first") (export "second")))
