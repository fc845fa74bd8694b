(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 0)))
  (import "kerb:sandbox" "epoch" (memory (;0;) 1 1 shared))
  (func (;3;) (type 0) (param i32) (result i32)
    block  ;; label = @1
      block  ;; label = @2
        block  ;; label = @3
          loop  ;; label = @4
            block  ;; label = @5
              block  ;; label = @6
                local.get 0
                i32.const 3
                i32.and
                br_table 0 (;@6;) 1 (;@5;) 4 (;@2;) 5 (;@1;) 0 (;@6;)
              end
              local.get 0
              i32.const 1
              i32.add
              local.set 0
              br 0 (;@5;)
              br 2 (;@3;)
            end
            i32.const 0
            i32.load
            if  ;; label = @5
              call 4
            end
            block  ;; label = @5
              block  ;; label = @6
                local.get 0
                i32.const 3
                i32.and
                br_table 0 (;@6;) 1 (;@5;) 4 (;@2;) 5 (;@1;) 0 (;@6;)
              end
              local.get 0
              i32.const 1
              i32.add
              local.set 0
              br 0 (;@5;)
              br 2 (;@3;)
            end
            block  ;; label = @5
              block  ;; label = @6
                local.get 0
                i32.const 3
                i32.and
                br_table 0 (;@6;) 1 (;@5;) 4 (;@2;) 5 (;@1;) 0 (;@6;)
              end
              local.get 0
              i32.const 1
              i32.add
              local.set 0
              br 0 (;@5;)
              br 2 (;@3;)
            end
            block  ;; label = @5
              local.get 0
              i32.const 3
              i32.and
              br_table 0 (;@5;) 1 (;@4;) 3 (;@2;) 4 (;@1;) 0 (;@5;)
            end
            local.get 0
            i32.const 1
            i32.add
            local.set 0
            br 0 (;@4;)
          end
        end
      end
      i32.const 10
      return
    end
    i32.const 20)
  (func (;4;) (type 2)
    (local i32)
    call 0
    local.tee 0
    i32.const 1
    i32.eq
    if  ;; label = @1
      unreachable
    end
    local.get 0
    i32.const 2
    i32.eq
    if  ;; label = @1
      call 1
    end)
  (export "run" (func 3)))
