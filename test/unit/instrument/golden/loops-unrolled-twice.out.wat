(module
  (type (;0;) (func (param i32) (result i32)))
  (type (;1;) (func (result i32)))
  (type (;2;) (func))
  (import "kerb:sandbox" "interrupt" (func (;0;) (type 1)))
  (import "kerb:sandbox" "yield" (func (;1;) (type 2)))
  (import "kerb:sandbox" "grow" (func (;2;) (type 0)))
  (import "kerb:sandbox" "memory" (memory (;0;) 1 64))
  (import "kerb:sandbox" "epoch" (memory (;1;) 1 1 shared))
  (func (;3;) (type 0) (param i32) (result i32)
    (local i32)
    block  ;; label = @1
      block  ;; label = @2
        loop  ;; label = @3
          block  ;; label = @4
            loop  ;; label = @5
              block  ;; label = @6
                local.get 0
                i32.eqz
                br_if 5 (;@1;)
                local.get 1
                local.get 0
                i32.load8_u
                i32.add
                i32.const 31
                i32.mul
                local.set 1
                local.get 1
                i32.const 1000
                i32.gt_u
                if  ;; label = @7
                  local.get 1
                  return
                end
                local.get 0
                i32.const 1
                i32.sub
                local.set 0
                br 0 (;@6;)
                br 4 (;@2;)
              end
              i32.const 0
              i32.load 1
              br_if 1 (;@4;)
              local.get 0
              i32.eqz
              br_if 4 (;@1;)
              local.get 1
              local.get 0
              i32.load8_u
              i32.add
              i32.const 31
              i32.mul
              local.set 1
              local.get 1
              i32.const 1000
              i32.gt_u
              if  ;; label = @6
                local.get 1
                return
              end
              local.get 0
              i32.const 1
              i32.sub
              local.set 0
              br 0 (;@5;)
            end
            br 2 (;@2;)
          end
          call 4
          br 0 (;@3;)
        end
      end
    end
    local.get 1)
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
  (func (;5;) (type 0) (param i32) (result i32)
    i32.const 0
    i32.load 1
    if  ;; label = @1
      call 4
    end
    local.get 0
    call 2)
  (export "memory" (memory 0))
  (export "run" (func 3)))
