;; In a reshaped loop every label of a br_table that leads out is renumbered, and those that stay inside are not.
(module
  (func (export "run") (param i32) (result i32)
    block
      block
        loop
          block
            local.get 0 i32.const 3 i32.and br_table 0 1 2 3 0
          end
          local.get 0 i32.const 1 i32.add local.set 0
          br 0
        end
      end
      i32.const 10 return
    end
    i32.const 20))
